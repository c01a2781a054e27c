"""Reads a file in Solomon's format. Goes before the script of a solver."""

import numpy


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.split() for line in file]
    numbers = [row for row in rows if row and all(word.isdigit() for word in row)]
    vehicles, capacity = map(int, next(row for row in numbers if len(row) == 2))
    nodes = numpy.array([row for row in numbers if len(row) == 7], dtype=float)
    return vehicles, capacity, nodes


