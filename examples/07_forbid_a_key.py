"""Can a key be forbidden for sure? A rule that vetoes every step into lava, whoever presses the keys.

Two masks that must never be confused: what is OFFERED is a hint of the interface, hidden in unmasked mode;
what is FORBIDDEN is a law, on in both modes. A guard gives its reason, the loop logs it (logger
`sixkeys.veto`), and a thinker that presses a forbidden key all the same is stopped before the world feels it.

    python examples/07_forbid_a_key.py
"""

import logging

from sixkeys import Rule, evaluate, evaluation_pools
from sixkeys.bench.controls import RandomKeys
from sixkeys.bench.evaluate import Evaluation
from sixkeys.contract import Moment
from sixkeys.envs.grid_layouts import LAVA
from sixkeys.loop import Habits

# The agent stands at row 4, column 4 of its patch: where each step would lead it.
AROUND = {1: ("north", 3, 4), 2: ("east", 4, 5), 3: ("south", 5, 4), 4: ("west", 4, 3)}


def no_lava(key: int) -> Rule:
    """Forbids `key` where its step leads into lava; `safety.rules.cell_ahead` makes the same rule."""
    name, row, column = AROUND[key]

    def burns(now: Moment, seat: int) -> bool:
        return now.observation["patch"][seat, row, column, 0] == LAVA

    return Rule(key, f"lava lies {name}", burns)


RULES = [no_lava(key) for key in AROUND]


def play(guards: list[Rule]) -> Evaluation:
    """Random keys, unmasked; guards in `habits` veto, guards in `audit` only count."""
    pools = evaluation_pools("grid:grid_lava", seats=16)
    return evaluate(RandomKeys(), pools, 64, masked=False, habits=Habits(guards=guards), audit=RULES)


def main() -> None:
    vetoes: list[str] = []
    log = logging.getLogger("sixkeys.veto")
    log.setLevel(logging.INFO)
    listener = logging.Handler()
    listener.emit = lambda record: vetoes.append(record.getMessage())
    log.addHandler(listener)
    for name, guards in (("no guard", []), ("guarded", RULES)):
        found = play(guards)
        died = int((~found.success & (found.steps < found.cap)).sum())
        print(f"{name}: {died} of 64 died in lava, {int(found.violations.sum())} keys against the rule")
    print(f"{len(vetoes)} vetoes, the first: {vetoes[0]}")


if __name__ == "__main__":
    main()
