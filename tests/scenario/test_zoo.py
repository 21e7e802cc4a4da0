"""Tables, values and changes at random, from a seed (zoo.py, --zoo), through each source and target: row for row what the source holds, and what a
native replica of the same product holds."""

import servers
from compare import assert_equal
from pairs import ALL_PAIRS, Pair, pair_fixture
from zoo import Zoo

pair_fixture_of_all = pair_fixture("pair", ALL_PAIRS)


def _follows(pair: Pair) -> bool:
    return pair.source.product is pair.target.product


def test_zoo(pair, request):
    native = None
    if _follows(pair):
        native = servers.target("native", server_id=901, product=pair.source.product.name)
        native.start()
    try:
        pair.daemon.wait_caught_up("c", pair.source)
        if native:
            native.follow(pair.source, *pair.source.position())
        for number in range(3):
            database = f"zoo{number}"
            zoo = Zoo(pair.source, pair.target.product, database, request.config.getoption("--zoo") + number).run()
            zoo.close()
            assert zoo.done > 100, zoo.refused
            pair.daemon.wait_caught_up("c", pair.source)
            assert assert_equal(pair.source, pair.target, databases=[database]) > 0
            if native:
                native.wait_followed(pair.source)
                assert_equal(native, pair.target, databases=[database])
    finally:
        if native:
            native.destroy()
