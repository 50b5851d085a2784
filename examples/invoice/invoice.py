"""A small shop's invoices, with one mistake: try `sixkeys fix examples/invoice`."""

RATES = {"books": 0.07, "food": 0.07, "tools": 0.19}
FREE_FROM = 50.0


def discount(total, customer_years):
    """Three percent a year with us, at most fifteen."""
    return total * min(0.03 * customer_years, 0.15)


def shipping(total, express=False):
    """Free from FREE_FROM on; express is never free."""
    if total > FREE_FROM and not express:
        return 0.0
    return 9.9 if express else 4.9


def invoice(items, customer_years=0, express=False):
    """items: (kind, price) pairs. What is to be paid, to the cent."""
    net = sum(price for _, price in items)
    tax = sum(price * RATES[kind] for kind, price in items)
    return round(net + tax - discount(net, customer_years) + shipping(net, express), 2)
