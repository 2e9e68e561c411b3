"""The console: what the standing office looks at. Every page names the right it needs; the rest is refused."""
