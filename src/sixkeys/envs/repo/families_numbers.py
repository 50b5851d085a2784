"""Which functions on numbers may a generated project hold? (kinds of arguments, template) pairs; see
families.py."""

from __future__ import annotations

NUMBER_TEMPLATES: tuple[tuple[str, str], ...] = (
    ("ints near", """
def $f($xs, $k):
    $t = «wrong_start:0|1|$k»
    for $x in $xs:
        if $x «comparison_boundary:<|<=|>=» $k:
            $t «wrong_operator:+=|-=|*=» «wrong_variable:$x|$k|$t»
    «missing_return:return $t|$t|return $x|print($t)»
"""),
    ("small large", """
def $f($lo, $hi):
    $c = «wrong_start:0|1|$lo»
    for $i in range(«off_by_one_range:$lo, $hi + 1|$lo, $hi|$lo, $hi - 1|$lo - 1, $hi»):
        if $i % «wrong_constant:2|3|4» == 0:
            $c += «wrong_variable:$i|$lo|$hi»
    return $c
"""),
    ("ints", """
def $f($xs):
    $t = «wrong_start:0|1|2»
    $out = []
    for $x in $xs:
«update_order:        $t += $x
        $out.append($t)
|        $out.append($t)
        $t += $x
|        $t = $x
        $out.append($t)
»    return «wrong_variable:$out|$t|$xs»
"""),
    ("ints", """
def $f($xs):
    $out = []
    for $i in range(«off_by_one_range:1, len($xs)|0, len($xs)|1, len($xs) - 1|2, len($xs)»):
        $out.append($xs[$i] «wrong_operator:-|+|*» $xs[«wrong_index:$i - 1|$i - 2|-1»])
    «missing_return:return $out|$out|print($out)|return $i»
"""),
    ("small", """
def $f($n):
«missing_base_case:    if $n < 2:
        return 1
||    if $n < 2:
        return 0
|    if $n > 2:
        return 1
»    return $n «wrong_operator:*|+|-» $f($n - «wrong_constant:1|2|3»)
"""),
    ("huge", """
def $f($n):
«missing_base_case:    if $n < 10:
        return $n
||    if $n < 10:
        return 10
|    if $n > 10:
        return $n
»    return $n «wrong_division:%|//|/» 10 «wrong_operator:+|*|-» $f($n // 10)
"""),
    ("large small", """
def $f($a, $b):
«missing_base_case:    if $b == 0:
        return $a
||    if $b == 0:
        return $b
|    if $a == 0:
        return $a
»    return $f($b, «wrong_variable:$a|$b» «wrong_division:%|//|/» $b)
"""),
    ("ints near", """
def $f($xs, $k):
    $big = [$x for $x in $xs if $x «comparison_boundary:>=|>|<=» $k]
«missing_base_case:    if not $big:
        return 0
||    if $big:
        return 0
|    if not $xs:
        return 0
»    return sum($big) «wrong_division://|/|%» len(«wrong_variable:$big|$xs»)
"""),
    ("small large", """
def $f($lo, $hi):
    $mid = ($lo «wrong_operator:+|-|*» $hi) «wrong_division:/|//|%» 2
    return [$lo, «wrong_variable:$mid|$lo|$hi», $hi]
"""),
    ("huge", """
def $f($n):
    $a = $n «wrong_division://|%|/» $N1
    $b = $n «wrong_division:%|//|/» $N1
    return $a «wrong_operator:+|-|*» «wrong_variable:$b|$a|$n»
"""),
    ("ints near", """
def $f($xs, $k):
    $best = «wrong_start:0|1|$k»
    $run = 0
    for $x in $xs:
        $run = $run + 1 if $x «comparison_boundary:>|>=|<» $k else «wrong_constant:0|1|2»
        $best = «wrong_method:max|min|sum»($best, $run)
    return «wrong_variable:$best|$run|$k»
"""),
    ("ints low high", """
def $f($xs, $lo, $hi):
    $out = []
    for $x in $xs:
        if $x «comparison_boundary:>=|>|<=» $lo «and_or_mixup:and|or|and not» $x < $hi:
            $out.«wrong_method:append|extend|insert»(«wrong_variable:$x|$lo|$hi»)
    return $out
"""),
    ("ints near near", """
def $f($xs, $lo, $hi):
    $c = «wrong_start:0|1|$lo»
    for $x in $xs:
        if $x == $lo «and_or_mixup:or|and|or not» $x == $hi:
            $c «wrong_operator:+=|-=|*=» «wrong_constant:1|2|3»
    «missing_return:return $c|$c|return $x|print($c)»
"""),
    ("small", """
def $f($n):
    $a = 0
    $b = «wrong_start:1|0|2»
    for $i in range(«off_by_one_range:$n|$n - 1|$n + 1|1, $n»):
        $c = $a «wrong_operator:+|-|*» $b
«update_order:        $a = $b
        $b = $c
|        $b = $c
        $a = $b
|        $a = $c
        $b = $a
»    return $a
"""),
    ("number", """
def $f($n):
    if $n «comparison_boundary:<|<=|>» $N1:
        return $n * «wrong_constant:$N2|$N3|$N4»
    return $N1 * $N3 «wrong_operator:+|-|*» $n
"""),
    ("large", """
def $f($n):
    $a = $n % $N1 «missing_negation:== 0|!= 0|> 0»
    $b = $n % «wrong_constant:2|3|5» == 0
    return $a «and_or_mixup:or|and|and not» $b
"""),
    ("ints small", """
def $f($xs, $k):
    $ys = [$x for $x in $xs if «missing_negation:not $x % 2|$x % 2|not $x % 3»]
    for $i in range(«off_by_one_range:$k|$k - 1|$k + 1|1, $k»):
        $ys.append($i «wrong_operator:*|+|-» «wrong_variable:$k|$i»)
    return $ys
"""),
    ("ints one", """
def $f($xs, $k):
    $out = []
    for $i in range(«off_by_one_range:len($xs) - $k + 1|len($xs) - $k|len($xs)|1, len($xs) - $k + 1»):
        $out.append(«wrong_method:sum|max|min»($xs[«wrong_index:$i|$k|0» : $i + $k]))
    «missing_return:return $out|$out|return $i|print($out)»
"""),
    ("ints", """
def $f($xs):
    $ys = «wrong_method:sorted|list|set»($xs)
    $a = $ys[«wrong_index:0|1|-1»]
    $b = $ys[«wrong_index:-1|-2|0»]
    return $b «wrong_operator:-|+|*» $a
"""),
    ("ints near", """
def $f($xs, $k):
    def $g():
        for $x in $xs:
            if $x «missing_negation:!=|==|<» $k:
                «missing_return:yield $x|$x|return $x|print($x)»

    return «wrong_method:list|sum|len»($g())
"""),
    ("ints", """
def $f($xs):
    $low = $xs[«wrong_index:0|-1|1»]
    $gain = «wrong_start:0|1|$low»
    for $x in $xs:
«update_order:        $gain = max($gain, $x - $low)
        $low = min($low, $x)
|        $low = max($low, $x)
        $gain = max($gain, $low - $x)
|        $low = min($low, $x)
        $gain = max($gain, $low)
»    return «wrong_variable:$gain|$low»
"""),
    ("ints", """
def $f($xs):
    $prev = «wrong_start:0|1|2»
    $out = []
    for $x in $xs:
«update_order:        $out.append($prev)
        $prev = $x
|        $prev = $x
        $out.append($prev)
|        $out.append($x)
        $prev = $x
»    return $out[«wrong_index::|1:|:-1»]
"""),
    ("ints small", """
def $f($xs, $k):
    $t = «wrong_start:1|0|2»
    for $x in $xs[«wrong_index::$k|$k:|1:$k»]:
        if $x «missing_negation:!= 0|== 0|< 0»:
            $t «wrong_operator:*=|+=|-=» $x
    return $t
"""),
    ("ints near", """
def $f($xs, $k):
    $c = 0
    for $i in range(«off_by_one_range:len($xs) - 1|len($xs)|1, len($xs) - 1|len($xs) - 2»):
        if $xs[$i] «comparison_boundary:<=|<|>=» $k «and_or_mixup:and|or|and not» $xs[$i + 1] > $k:
            $c += «wrong_constant:1|2|3»
    return $c
"""),
)  # fmt: skip
