"""Wrong workspace files: told by their place in the file, exit code 2, and nothing half-written."""

from __future__ import annotations

from tests.e2e.harness import Farm, the_file

WRONG = {
    "an unknown key": (
        "parent: GROUP, bill_to_address: { line1: 5 Oak",
        "parnet: GROUP, bill_to_address: { line1: 5 Oak",
        ("parties[1].parnet", "parent"),
    ),
    "a cycle in the tree": (
        "{ code: GROUP, name: Group,",
        "{ code: GROUP, name: Group, parent: PINE,",
        ("parent", "GROUP", "PINE"),
    ),
    "overlapping tiers": (
        'tiers: [{ up_to: 20, price: "9.50" }, { price: "7.25" }]',
        'tiers: [{ up_to: 20, price: "9.50" }, { up_to: 15, price: "8.00" }, { price: "7.25" }]',
        ("price_lists[0].prices[2].tiers", "15", "20"),
    ),
    "a bad currency": (
        "  - code: JPY\n    currency: JPY\n",
        "  - code: JPY\n    currency: YEN\n",
        ("price_lists[3].currency", "YEN"),
    ),
    "a negative quantity": (
        "start: 2026-01-01, quantity: 90 }",
        "start: 2026-01-01, quantity: -90 }",
        ("subscriptions[0].quantity", "-90"),
    ),
    "a missing price": (
        '      - { product: PHONE, plan: monthly, model: graduated, tiers: [{ up_to: 20, price: "8.80" }, '
        '{ price: "6.70" }] }\n',
        "",
        ("subscriptions[13]", "price list EUR", "C-LONE", "PHONE"),
    ),
}


class TestWrongFile:
    def test_changes_nothing_and_names_the_place(self, farm: Farm) -> None:
        right = the_file("workspace.yaml")
        for name, (before, after, words) in WRONG.items():
            assert right.count(before) == 1, name
            refused = farm.import_text(right.replace(before, after), name="wrong.yaml")

            assert refused.code == 2, (name, refused.told)
            told = "\n".join(refused.problem["details"])
            assert [word for word in words if word not in told] == [], (name, told)

        exported = farm.run("workspace", "export").out["text"]
        assert [line for line in exported.splitlines() if line[:1] not in ("#", "")] == ["subledger: 1"]
