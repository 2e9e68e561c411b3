"""Deterministic simulation: a random commune, its people, its providers and its accidents, from one seed.

``nhacviec-sim --seed 7 --years 1`` plays one; the steps are the product's own, the file is a real SQLite file, and
after every turn the rows and the phones are held against a small model written from DESIGN's promises.
"""
