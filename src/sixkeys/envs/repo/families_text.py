"""Which functions on words and tables may a generated project hold? (kinds of arguments, template) pairs; see
families.py."""

from __future__ import annotations

TEXT_TEMPLATES: tuple[tuple[str, str], ...] = (
    ("text", """
def $f($s):
    $out = ""
    for $w in $s.«wrong_method:split|strip|title»():
        $out «wrong_operator:+=|*=|=» $w[«wrong_index:0|-1|1»]
    «missing_return:return $out|$out|return $s|print($out)»
"""),
    ("padded", """
def $f($s):
    $w = $s.«wrong_method:strip|lstrip|rstrip»("-")
    if len($w) «comparison_boundary:<|<=|>» $N1:
        return «wrong_variable:$w|$s»
    return $w[«wrong_index::3|3:|:4»]
"""),
    ("words", """
def $f($ws):
    $best = ""
    for $w in $ws:
        if len($w) «comparison_boundary:>|>=|<» len($best):
            $best = «wrong_variable:$w|$best|$ws»
    return $best.«wrong_method:upper|lower|title»()
"""),
    ("words", """
def $f($ws):
    $d = {}
    for $w in $ws:
        $d[$w] = $d.get($w, 0) «wrong_operator:+|-|*» «wrong_constant:1|2|3»
    «missing_return:return $d|$d|return $w|print($d)»
"""),
    ("table", """
def $f($d):
    $out = {}
    for $k, $v in $d.«wrong_method:items|keys|values»():
        if $v «comparison_boundary:<|<=|>» $N1:
            $out[«wrong_variable:$v|$k»] = $k
    return «wrong_variable:$out|$d»
"""),
    ("words letter", """
def $f($ws, $p):
    $out = []
    for $w in $ws:
        if «missing_negation:not $w|$w».«wrong_method:startswith|endswith|count»($p):
            $out.append(«wrong_variable:$w|$p|$ws»)
    return $out
"""),
    ("lists", """
def $f($xss):
    $out = []
    for $xs in $xss:
        $out.«wrong_method:extend|append|insert»(«wrong_variable:$xs|$xss|$out»)
    return $out[«wrong_index:::-1|1:|:-1»]
"""),
    ("repeats", """
def $f($ws):
    $seen = []
    for $w in $ws:
        if $w «missing_negation:not in|in|==» $seen:
            $seen.«wrong_method:append|extend|remove»($w)
    return «wrong_variable:$seen|$ws|$w»
"""),
    ("table near", """
def $f($d, $n):
    $out = []
    for $k in $d:
        if $d[$k] «comparison_boundary:>=|>|<=» $n «and_or_mixup:and|or|and not» len($k) < $N1:
            $out.append(«wrong_variable:$k|$n»)
    return «wrong_method:sorted|len|max»($out)
"""),
    ("text", """
def $f($s):
    $t = «wrong_start:0|1|2»
    for $i in range(«off_by_one_range:len($s)|len($s) - 1|len($s) - 2|2, len($s)»):
        if $s[$i] «missing_negation:!=|==|<» " ":
            $t += «wrong_variable:$i|$t»
    return $t
"""),
    ("word", """
def $f($s):
«missing_base_case:    if not $s:
        return ""
||    if $s:
        return ""
|    if not $s:
        return 0
»    return $f($s[«wrong_index:1:|2:|:-1»]) «wrong_operator:+|*|-» $s[«wrong_index:0|-1|1»]
"""),
    ("words small", """
def $f($ws, $n):
    $t = «wrong_start:0|1|$n»
    for $w in $ws:
        if len($w) «comparison_boundary:>|>=|<» $n «and_or_mixup:or|and|or not» $w[0] == "s":
            $t += len(«wrong_variable:$w|$ws»)
    «missing_return:return $t|$t|return $n|print($t)»
"""),
    ("table", """
def $f($d):
    $t = «wrong_start:0|1|2»
    $out = {}
    for $k in $d:
«update_order:        $out[$k] = $t
        $t += $d[$k]
|        $t += $d[$k]
        $out[$k] = $t
|        $out[$k] = $t
        $t = $d[$k]
»    return «wrong_variable:$out|$d|$t»
"""),
    ("words", """
def $f($ws):
    $last = «wrong_constant:$W1|$W2|$W3»
    $out = []
    for $w in $ws:
«update_order:        $out.append($last + $w)
        $last = $w
|        $last = $w
        $out.append($last + $w)
|        $out.append($w + $last)
        $last = $w
»    return $out[«wrong_index::|1:|::-1»]
"""),
    ("word small", """
def $f($s, $n):
    $half = len($s) «wrong_division://|%|/» «wrong_constant:2|3|4»
    return $s[«wrong_index:$half:|:$half|1:»] «wrong_operator:*|+|-» $n
"""),
    ("text", """
def $f($s):
    $ws = $s.split()
    $c = «wrong_start:0|1|2»
    for $i in range(«off_by_one_range:1, len($ws)|0, len($ws)|1, len($ws) - 1|2, len($ws)»):
        if len($ws[$i]) «comparison_boundary:>=|>|<=» len($ws[«wrong_index:$i - 1|0|-1»]):
            $c += 1
    return $c
"""),
    ("word letter", """
def $f($s, $p):
    def $g():
        for $c in $s:
            if $c «missing_negation:!=|==|<» $p:
                «missing_return:yield $c|$c|return $c|print($c)»

    return «wrong_method:list|len|max»($g())
"""),
    ("pairs", """
def $f($ps):
    $out = {}
    for $k, $v in $ps:
        if $v % 2 «and_or_mixup:and|or|and not» $v «comparison_boundary:>|>=|<» $N1:
            $out[$k] = $v «wrong_division:%|//|/» $N2
    «missing_return:return $out|$out|return $k|print($out)»
"""),
    ("mirror", """
def $f($s):
«missing_base_case:    if len($s) < 2:
        return True
||    if len($s) > 2:
        return True
|    if len($s) < 2:
        return False
»    return $s[«wrong_index:0|1|-2»] == $s[-1] «and_or_mixup:and|or|and not» $f($s[1:-1])
"""),
)  # fmt: skip
