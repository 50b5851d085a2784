"""Which functions are kept for the families that training never sees? (kinds of arguments, template) pairs;
see families.py."""

from __future__ import annotations

HELDOUT_TEMPLATES: tuple[tuple[str, str], ...] = (
    ("ints near", """
def $f($xs, $k):
    $t = «wrong_start:0|1|$k»
    for $x in $xs:
        if $x % 2 «missing_negation:== 1|!= 1|> 1»:
            $t «wrong_operator:+=|-=|*=» $x + $k
«early_return:    return $t|        return $t|            return $t|    return $x»
"""),
    ("words letter", """
def $f($ws, $p):
    $out = []
    for $w in $ws:
        if $p «missing_negation:in|not in|==» $w:
            $out.«wrong_method:append|extend|remove»($w + $p)
«early_return:    return $out|        return $out|            return $out|    return $w»
"""),
    ("ints near", """
def $f($xs, $k):
    for $x in $xs:
        if $x «comparison_boundary:>|>=|<» $k:
            return «wrong_variable:$x|$k|$xs»
«early_return:    return -1|        return -1|    return $xs|        return $k»
"""),
    ("table", """
def $f($d):
    $best = 0
    for $k in $d:
        $best = «wrong_method:max|min|sum»($best, $d[$k] «wrong_operator:*|+|-» len($k))
«early_return:    return $best|        return $best|    return $k|        return $k»
"""),
    ("table key", """
def $f($d, $k):
    $v = $d.get($k, «wrong_default:0|1|None|$k»)
    return $v «wrong_operator:*|+|-» «wrong_constant:$N1|$N2|$N3»
"""),
    ("ints", """
def $f($xs, $n=«wrong_default:$N1|$N2|0|None»):
    $t = «wrong_start:0|1|2»
    for $x in $xs:
        $t += «wrong_method:min|max|sum»($x, $n)
    return $t
"""),
    ("maybe_none near", """
def $f($xs, $k):
    $ys = [$x «wrong_operator:-|+|*» $k for $x in $xs]
    return «wrong_method:max|min|len»($ys, default=«wrong_default:0|1|None|$k»)
"""),
    ("words", """
def $f($ws, $s=«wrong_default:$W1|$W2|""|None»):
    $out = []
    for $w in $ws:
        $out.append($w[«wrong_index::2|2:|1:»] «wrong_operator:+|*|-» $s)
    return $out
"""),
    ("large small", """
def $f($a, $b):
    def $g($x, $y):
        return $x «wrong_operator:-|+|*» $y * «wrong_constant:$N1|$N2|$N3»

    return $g(«swapped_arguments:$a, $b|$b, $a|$a, $a|$b, $b»)
"""),
    ("small large", """
def $f($n, $m):
    $t = «wrong_start:0|1|$n»
    for $i in range(«swapped_arguments:$n, $m|$m, $n|$m, $m|$n, $n»):
        $t «wrong_operator:+=|-=|*=» $i
    return $t
"""),
    ("text letter letter", """
def $f($s, $a, $b):
    $w = $s.«wrong_method:upper|lower|strip»()
    return $s.replace(«swapped_arguments:$a, $b|$b, $a|$a, $w|$b, $w») + $w[«wrong_index:0|-1|1»]
"""),
    ("large small", """
def $f($n, $k):
    $q = divmod(«swapped_arguments:$n, $k|$k, $n|$k, $k|$n, $n»)
    return $q[«wrong_index:0|1|-1»] «wrong_operator:+|-|*» «wrong_constant:$N1|$N2|$N3»
"""),
    ("words", """
def $f($ws):
    $out = [$w[«wrong_index::2|2:|1:»] for $w in $ws]
    return «string_join:"-".join($out)|"".join($out)|"-".join($ws)|"-" + $out»
"""),
    ("ints", """
def $f($xs):
    $ys = «wrong_method:sorted|list|set»($xs)
    return «string_join:" ".join(str($y) for $y in $ys)|" ".join($ys)|"".join(str($y) for $y in $ys)|str($ys)»
"""),
    ("table", """
def $f($d):
    $out = []
    for $k in $d:
        $out.«wrong_method:append|extend|remove»(f"{$k}={$d[$k]}")
    return «string_join:";".join($out)|";".join($d)|",".join($out)|"".join($out)»
"""),
    ("words small", """
def $f($ws, $n):
    $out = $ws[«wrong_index::$n|$n:|1:»] «wrong_operator:+|-|*» [«wrong_constant:$W1|$W2|$W3»]
    return «string_join:"/".join($out)|"/".join($ws)|"".join($out)|"/" + $out»
"""),
)  # fmt: skip
