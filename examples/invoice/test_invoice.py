"""Three tests that pass and one that fails."""

from invoice import discount, invoice, shipping


def test_a_small_invoice():
    assert invoice([("books", 20.0), ("tools", 10.0)]) == 38.2


def test_loyal_customers_pay_less():
    assert discount(100.0, 2) == 6.0
    assert discount(100.0, 9) == 15.0


def test_shipping_is_free_from_fifty_on():
    assert shipping(49.99) == 4.9
    assert shipping(50.0) == 0.0


def test_express_is_never_free():
    assert shipping(80.0, express=True) == 9.9
