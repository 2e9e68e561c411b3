"""Many offices in one installation: what belongs to one never reaches another."""
