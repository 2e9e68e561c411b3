"""The channels: one contract for all, then what is particular to each."""
