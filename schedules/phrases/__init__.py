"""The Vietnamese deadline grammar: words of a plan's time column → kind, first due date, rule, and what is unsure."""
