"""An import-linter contract: a package imports, from outside this project, only what is listed."""

from __future__ import annotations

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """Each module of `packages` imports directly, beside our own modules, only `may_import` and the
    standard library. A new dependency therefore has no place until somebody gives it one here.

    `except_packages` are left to a contract of their own.
    """

    packages: Any = fields.ListField(subfield=fields.StringField())
    may_import: Any = fields.ListField(subfield=fields.StringField(), required=False)
    except_packages: Any = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        ours = set(self.session_options["root_packages"])
        allowed = ours | sys.stdlib_module_names | set(self.may_import or ())
        missing = [package for package in self.packages if package not in graph.modules]
        found = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if _is_inside(importer, self.packages) and not _is_inside(importer, self.except_packages or ())
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.partition(".")[0] not in allowed
        ]
        return ContractCheck(kept=not found and not missing, metadata={"found": found, "missing": missing})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for package in check.metadata["missing"]:
            output.print_error(f"{package} does not exist")
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} is not allowed to import {imported}")


def _is_inside(module: str, packages: Any) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
