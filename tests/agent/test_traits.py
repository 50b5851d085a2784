"""Do traits stay inside their limits, whatever is wished?"""

from hypothesis import given
from hypothesis import strategies as st

from sixkeys.agent.traits import HIGH, LOW, STRIDE, Traits, adjust

inside = st.floats(0, 1)
anything = st.floats()


@given(*[inside] * 4, *[anything] * 4)
def test_limits_hold(a, b, c, d, e, f, g, h):
    before = Traits(a, b, c, d)
    after = adjust(before, Traits(e, f, g, h))
    assert all(LOW <= trait <= HIGH for trait in after)
    assert all(abs(x - y) <= STRIDE + 1e-12 for x, y in zip(before, after, strict=True))


def test_a_wish_is_reached_in_strides():
    traits = Traits(caution=0.5)
    for _ in range(10):
        traits = adjust(traits, Traits(caution=1.0))
    assert traits.caution == 1.0
