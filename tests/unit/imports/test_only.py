"""The import contract `only`: what a package may import from outside is a list, not a habit."""

from __future__ import annotations

import grimp

from tests.imports.only import OnlyContract


def contract(**options: object) -> OnlyContract:
    session = {"root_packages": ["shop", "till"]}
    return OnlyContract("Third party in shop", session, {"packages": ["shop"], **options})


def graph(*imports: tuple[str, str]) -> grimp.ImportGraph:
    made = grimp.ImportGraph()
    for importer, imported in imports:
        made.add_module(importer)
        made.add_module(imported, is_squashed=not imported.startswith(("shop", "till")))
        made.add_import(importer=importer, imported=imported)
    return made


class TestOnlyContract:
    def test_keeps_listed_packages_the_standard_library_and_our_own(self) -> None:
        imports = graph(("shop", "shop.a"), ("shop.a", "till"), ("shop.a", "json"), ("shop.a", "msgspec"))

        assert contract(may_import=["msgspec"]).check(imports, verbose=False).kept

    def test_is_broken_by_a_package_that_is_not_listed(self) -> None:
        imports = graph(("shop", "shop.a"), ("shop.a", "requests"))

        check = contract(may_import=["msgspec"]).check(imports, verbose=False)

        assert not check.kept
        assert check.metadata["found"] == [("shop.a", "requests")]

    def test_leaves_other_packages_alone(self) -> None:
        imports = graph(("till.b", "requests"), ("shopping", "requests"), ("shop", "shop.web"))
        imports.add_module("fastapi", is_squashed=True)
        imports.add_import(importer="shop.web", imported="fastapi")

        assert contract(except_packages=["shop.web"]).check(imports, verbose=False).kept

    def test_is_broken_by_a_package_that_does_not_exist(self) -> None:
        check = contract().check(graph(("till", "json")), verbose=False)

        assert check.metadata["missing"] == ["shop"]
        assert not check.kept
