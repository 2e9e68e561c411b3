"""The same stories on every channel, from a plan to a phone and back."""
