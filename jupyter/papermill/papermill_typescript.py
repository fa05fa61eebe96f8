"""Parameters for TypeScript notebooks in papermill.

papermill loads every entry point of the group `papermill.engine` when it is imported, and has no such group for translators. So the
entry point names papermill's own engine, and loading this module registers the translator.

The cell tagged `parameters` declares its variables with `let`; papermill's cell assigns them. A wrong name or type is then an error of
the compiler, as with `esta notebook run -p`.
"""

import json
import math
import re

from papermill.engines import NBClientEngine  # noqa: F401  (what the entry point names)
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

DECLARATION = re.compile(r"^\s*(?:let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*([^=]+?))?\s*=\s*(.*?);?\s*(?://\s*(.*))?$")


class TypeScriptTranslator(Translator):
    @classmethod
    def translate(cls, val):
        """Writes a value as TypeScript: JSON, and the numbers that JSON lacks."""
        if isinstance(val, float) and math.isnan(val):
            return "NaN"
        if isinstance(val, float) and math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return json.dumps(val, ensure_ascii=False, default=str)

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        return f"{name} = {str_val};"

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        return super().codify(parameters, comment) + "void 0;\n"  # the last assignment is no result of the cell

    @classmethod
    def inspect(cls, parameters_cell):
        """Finds what the cell declares, for `papermill --help-notebook`."""
        found = (DECLARATION.match(line) for line in parameters_cell["source"].splitlines())
        return [Parameter(name=m[1], inferred_type_name=m[2] or "None", default=m[3], help=m[4] or "") for m in found if m]


papermill_translators.register("typescript", TypeScriptTranslator)
