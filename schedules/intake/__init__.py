"""From a plan document to draft obligations: blocks → tables and prose → duties → a draft a person reviews."""
