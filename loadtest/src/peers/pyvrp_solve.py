"""Solves one Solomon or Homberger file with PyVRP and prints its routes as one JSON object.

Arguments: FILE CPU_SECONDS SEED. It goes behind solomon.py, which reads the file.

PyVRP counts in integers, so all figures are multiplied by SCALE. A vehicle costs more than any
detour, which makes vehicles come first and distance second. The budget is processor time of this
process, not wall time, so that a busy machine treats every solver alike.
"""

import json
import sys
import time

import numpy
import pyvrp

SCALE = 10_000
VEHICLE_COST = 1_000 * SCALE


class ProcessorTime:
    def __init__(self, seconds):
        self.end = time.process_time() + seconds

    def __call__(self, best_cost):
        return time.process_time() >= self.end


def problem(path):
    vehicles, capacity, nodes = read(path)
    points = nodes[:, 1:3]
    gaps = points[:, None, :] - points[None, :, :]
    matrix = numpy.rint(numpy.sqrt((gaps**2).sum(axis=2)) * SCALE).astype(int)
    model = pyvrp.Model()
    places = [model.add_location(x=int(x), y=int(y)) for x, y in points]
    _, _, _, _, opens, closes, _ = nodes[0]
    window = dict(tw_early=int(opens * SCALE), tw_late=int(closes * SCALE))
    depot = model.add_depot(places[0], **window)
    model.add_vehicle_type(
        vehicles, capacity, depot, depot, fixed_cost=VEHICLE_COST, **window
    )
    for place, (_, _, _, demand, ready, due, service) in zip(places[1:], nodes[1:]):
        model.add_client(
            place,
            delivery=int(demand),
            service_duration=int(service * SCALE),
            tw_early=int(ready * SCALE),
            tw_late=int(due * SCALE),
        )
    return model.data().replace(distance_matrices=[matrix], duration_matrices=[matrix])


def main():
    path, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    data = problem(path)
    before = time.process_time()
    result = pyvrp.solve(data, ProcessorTime(seconds), seed=seed, collect_stats=False, display=False)
    routes = []
    for route in result.best.routes():
        stops = [activity.idx + 1 for activity in route if activity.is_client()]
        routes.append(stops)
    print(json.dumps({
        "version": pyvrp.__version__ if hasattr(pyvrp, "__version__") else "",
        "cpu_seconds": time.process_time() - before,
        "routes": routes,
    }))


main()
