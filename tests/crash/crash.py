"""Rounds of the crash harness; see tests/crash.sh."""

import argparse
import random
import sys

from harness import DECK, Harness, keep_directories
from processes import Failure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--servers", choices=("apt", "all"), default="apt")
    parser.add_argument("--kinds", default="", help="of " + ", ".join(DECK) + ", exit point=NAME")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--option", action="append", default=[], help="one more of tributaryd's options, for instance --option=--relay-log-purge")
    parser.add_argument("--without-disk", action="store_true")
    arguments = parser.parse_args()
    seed = arguments.seed or random.SystemRandom().randrange(1, 1 << 31)
    kinds = [kind.strip() for kind in arguments.kinds.split(",") if kind.strip()]
    unknown = [kind for kind in kinds if kind.split("=")[0] not in DECK]
    if unknown:
        parser.error(f"no kind {', '.join(unknown)}; there are: {', '.join(DECK)}")
    print(f"crash harness: --seed={seed} --servers={arguments.servers}", flush=True)
    harness = Harness(seed, arguments.servers, kinds, not arguments.without_disk,
                      [f"--parallel-workers={arguments.workers}", *arguments.option])
    number = 0
    try:
        harness.start()
        for number in range(1, arguments.rounds + 1):
            print(f"round {number}: {harness.round(number)}", flush=True)
    except (Failure, Exception) as failure:  # pylint: disable=broad-except
        keep_directories()
        print(f"FAILED seed={seed} servers={arguments.servers} round={number} kind={getattr(harness, 'what', 'start')!r}: "
              f"{type(failure).__name__}: {failure}\ndirectories: {harness.directories()}", flush=True)
        return 1
    finally:
        harness.destroy()
    counts = " ".join(f"{kind.replace(' ', '_')}={count}" for kind, count in sorted(harness.counts.items()) if "=" not in kind)
    points = " ".join(f"{kind.split('=')[1]}={count}" for kind, count in sorted(harness.counts.items()) if "=" in kind)
    print(f"exit points: {points}")
    print(f"CRASH rounds={number} {counts}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
