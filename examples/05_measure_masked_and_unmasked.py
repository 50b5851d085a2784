"""What is a score worth? Two controls on the same unseen episodes, masked and unmasked, with intervals.

Masked, a thinker sees which keys the interface offers; unmasked it does not, and nothing it is given holds
that hint. The gap between the two is what the hints are worth. Random keys are the floor, the oracle (which
asks the world) is the ceiling. Your own thinker needs two methods, `begin` and `think`: put it in the table
and it is measured alike.

    python examples/05_measure_masked_and_unmasked.py
"""

from sixkeys import evaluate, evaluation_pools, summarise
from sixkeys.bench.controls import RandomKeys, oracle, plain
from sixkeys.bench.metrics import gap

CONTESTANTS = {"random": plain(RandomKeys()), "oracle": oracle}
EPISODES = 64


def main() -> None:
    pools = evaluation_pools("grid:grid_key", seats=16)
    for name, contestant in CONTESTANTS.items():
        modes = {}
        for mode in ("masked", "unmasked"):
            thinker, make_pool = contestant(pools)
            modes[mode] = evaluate(thinker, make_pool, EPISODES, masked=mode == "masked")
            found = summarise(modes[mode])
            rate, steps = found.pass_rate, found.mean_steps_to_pass
            print(
                f"Eval[{mode}] {name}: pass {rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]  "
                f"steps to pass {steps.value:.1f} (oracle {found.oracle_steps.value:.1f})  "
                f"not offered {found.invalid_rate.value:.3f} of keys"
            )
        hints = gap([modes["masked"]], [modes["unmasked"]]).pass_rate
        print(f"gap {name}: {hints.value:+.3f} [{hints.low:+.3f}, {hints.high:+.3f}]")


if __name__ == "__main__":
    main()
