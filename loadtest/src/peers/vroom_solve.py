"""Solves one Solomon or Homberger file with VROOM and prints its routes as one JSON object.

Arguments: FILE SECONDS. It goes behind solomon.py, which reads the file.

VROOM counts in integers, so all figures are multiplied by SCALE, and drives are rounded up: what keeps its windows
here keeps them on the raw file. A vehicle costs more than any detour, which makes vehicles come first and distance
second. It takes no seed and searches as widely as it can (exploration level 5); SECONDS only cuts it short.
"""

import datetime
import json
import sys

import numpy
import vroom

SCALE = 1_000
VEHICLE_COST = 1_000 * SCALE
WIDEST = 5


def window(opens, closes):
    return int(opens * SCALE), int(closes * SCALE)


def problem(path):
    vehicles, capacity, nodes = read(path)
    points = nodes[:, 1:3]
    gaps = points[:, None, :] - points[None, :, :]
    matrix = numpy.ceil(numpy.sqrt((gaps**2).sum(axis=2)) * SCALE).astype(numpy.uint32)
    problem = vroom.Input()
    problem.set_durations_matrix(profile="car", matrix_input=matrix)
    _, _, _, _, opens, closes, _ = nodes[0]
    # a cost of 3600 an hour is one for each unit of time
    costs = vroom.VehicleCosts(fixed=VEHICLE_COST)
    for number in range(vehicles):
        problem.add_vehicle(vroom.Vehicle(
            number, start=0, end=0, capacity=[capacity], costs=costs,
            time_window=vroom.TimeWindow(*window(opens, closes)),
        ))
    for number, (_, _, _, demand, ready, due, service) in enumerate(nodes[1:], start=1):
        problem.add_job(vroom.Job(
            number, location=number, delivery=[int(demand)], default_service=int(service * SCALE),
            time_windows=[vroom.TimeWindow(*window(ready, due))],
        ))
    return problem


def main():
    path, seconds = sys.argv[1], float(sys.argv[2])
    limit = datetime.timedelta(seconds=seconds)
    solution = problem(path).solve(exploration_level=WIDEST, nb_threads=1, timeout=limit)
    steps = solution.to_dict()["routes"]
    routes = [[step["id"] for step in route["steps"] if step["type"] == "job"] for route in steps]
    print(json.dumps({"routes": routes}))


main()
