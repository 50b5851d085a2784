"""Some hundred small mistakes as people make them: the code, the wrong piece, the right one, and words of the
failing test."""

from __future__ import annotations

from typing import NamedTuple


class Repair(NamedTuple):
    """`wanted` is the repair of `code`. `beside`: the text of another file of the repository."""

    code: str
    wanted: str
    pieces: tuple[str, ...] = ()
    beside: str = ""


CHUNKS = '''def chunks(items, size):
    """Lists of `size` items."""
    found = []
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            found.append(chunk)
            chunk = []
    if chunk:
        found.append(chunk)
    return found
'''
CACHE = """class Cache:
    def __init__(self, size, loader=None):
        self.size = size
        self.loader = loader
        self.items = {}
        self.order = []
        self.hits = 0

    def get(self, key, default=None):
        if key in self.items:
            self.hits += 1
            return self.items[key]
        if self.loader is None:
            return default
        value = self.loader(key)
        self.put(key, value)
        return value

    def put(self, key, value):
        if key not in self.items and len(self.items) >= self.size:
            oldest = self.order.pop(0)
            del self.items[oldest]
        self.items[key] = value
        self.order.append(key)
"""
WORDS = """import re

WORD = re.compile(r"[a-z]+")

def words(text, lower=True, least=1):
    if not text:
        return []
    if lower:
        text = text.lower()
    return [word for word in WORD.findall(text) if len(word) >= least]

def count(text, **options):
    counts = {}
    for word in words(text, **options):
        counts[word] = counts.get(word, 0) + 1
    return counts

def common(text, number):
    ranked = sorted(count(text).items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:number]]
"""
PARSE = """def parse(line, separator="="):
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    name, _, value = line.partition(separator)
    if not name:
        raise ValueError(f"no name in {line!r}")
    return name.strip(), value.strip()

def load(lines, strict=False):
    settings = {}
    for number, line in enumerate(lines, 1):
        try:
            pair = parse(line)
        except ValueError as error:
            if strict:
                raise
            continue
        if pair is None:
            continue
        name, value = pair
        settings[name] = value
    return settings
"""
MATHS = """import math

def mean(values):
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)

def variance(values, sample=True):
    middle = mean(values)
    total = sum((value - middle) ** 2 for value in values)
    return total / (len(values) - 1 if sample else len(values))

def clamp(value, low, high):
    return max(low, min(value, high))

def primes(limit):
    found = []
    for number in range(2, limit + 1):
        if all(number % prime for prime in found if prime <= math.sqrt(number)):
            found.append(number)
    return found

def gcd(a, b):
    while b:
        a, b = b, a % b
    return abs(a)
"""
TREE = """def flatten(tree):
    for item in tree:
        if isinstance(item, (list, tuple)):
            yield from flatten(item)
        else:
            yield item

def depth(tree):
    if not isinstance(tree, list):
        return 0
    return 1 + max((depth(item) for item in tree), default=0)

def merge(left, right):
    merged = dict(left)
    for key, value in right.items():
        if isinstance(value, dict) and key in merged:
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged

def unique(items, key=None):
    seen = set()
    for item in items:
        mark = item if key is None else key(item)
        if mark in seen:
            continue
        seen.add(mark)
        yield item
"""


def broken(code: str, right: str, wrong: str, pieces: tuple[str, ...] = (), beside: str = "") -> Repair:
    """The repair of `code`, in which `right`, which stands there once, was mistaken for `wrong`."""
    assert code.count(right) == 1, right
    return Repair(code.replace(right, wrong), code, pieces, beside)


REPAIRS = [
    # names and attributes
    broken(CHUNKS, "return found", "return chunk"),
    broken(CHUNKS, "if len(chunk) == size", "if len(items) == size"),
    broken(CACHE, "self.put(key, value)", "self.get(key, value)"),
    broken(CACHE, "value = self.loader(key)", "value = loader(key)"),
    broken(CACHE, "len(self.items) >= self.size", "len(self.order) >= self.size"),
    broken(CACHE, "del self.items[oldest]", "del self.items[key]"),
    broken(WORDS, "WORD.findall(text)", "WORD.split(text)"),
    broken(PARSE, "line.startswith(\"#\")", "line.endswith(\"#\")"),
    broken(PARSE, "settings[name] = value", "settings[value] = value"),
    broken(TREE, "right.items()", "right.keys()"),
    broken(TREE, "seen.add(mark)", "seen.add(item)"),
    # numbers and other values
    broken(CACHE, "self.order.pop(0)", "self.order.pop()"),
    broken(CACHE, "self.hits = 0", "self.hits = None"),
    broken(WORDS, "counts.get(word, 0) + 1", "counts.get(word, 1) + 1"),
    broken(WORDS, "pair[1], pair[0]", "pair[1], pair[1]"),
    broken(MATHS, "range(2, limit + 1)", "range(2, limit)"),
    broken(MATHS, "range(2, limit + 1)", "range(1, limit + 1)"),
    broken(MATHS, "len(values) - 1 if sample", "len(values) if sample"),
    broken(MATHS, "sample=True", "sample=False"),
    broken(TREE, "default=0", "default=1"),
    broken(PARSE, "enumerate(lines, 1)", "enumerate(lines)"),
    broken(PARSE, "return None", "return []", ("None",)),
    # arguments and keywords
    broken(WORDS, "words(text, **options)", "words(text)"),
    broken(WORDS, "len(word) >= least", "len(word) >= lower"),
    broken(WORDS, "ranked[:number]", "ranked[number:]"),
    broken(WORDS, "sorted(count(text).items(), key", "sorted(count(text), key"),
    broken(TREE, "merge(merged[key], value)", "merge(value, merged[key])"),
    broken(TREE, "max((depth(item) for item in tree), default=0)", "max(depth(item) for item in tree)"),
    broken(MATHS, "max(low, min(value, high))", "max(low, min(low, high))"),
    broken(PARSE, "line.partition(separator)", "line.partition()"),
    broken("import json\n\ndef show(data):\n    return json.dumps(data, sort_keys=True)\n",
           ", sort_keys=True", ""),
    broken("from log import log\n\ndef warn(text):\n    log(text, level='warning')\n",
           ", level='warning'", "",
           beside="from log import log\n\nlog('x', level='warning')\n"),
    broken("from tools import cut\n\ndef head(text, width):\n    return cut(text, width=width)\n",
           ", width=width", "",
           beside="def cut(text, *, width=80, mark='...'):\n    return text[:width]\n"),
    broken("from tools import cut\n\ndef head(text):\n    return cut(text, width=9)\n", "width=", "size=",
           beside="def cut(text, *, width=80, mark='...'):\n    return text[:width]\n"),
    # operators
    broken(CHUNKS, "len(chunk) == size", "len(chunk) > size"),
    broken(CACHE, "len(self.items) >= self.size", "len(self.items) > self.size"),
    broken(CACHE, "self.hits += 1", "self.hits -= 1"),
    broken(MATHS, "sum(values) / len(values)", "sum(values) // len(values)"),
    broken(MATHS, "(value - middle) ** 2", "(value - middle) * 2"),
    broken(PARSE, "if not line or line", "if not line and line"),
    # conditions
    broken(CACHE, "if key not in self.items and len(self.items)", "if len(self.items)"),
    broken(CACHE, "if self.loader is None", "if self.loader is not None"),
    broken(WORDS, "if not text", "if text"),
    broken(WORDS, " if len(word) >= least]", "]"),
    broken(PARSE, "if not line or line.startswith", "if line.startswith"),
    broken(TREE, "isinstance(value, dict) and key in merged", "isinstance(value, dict)"),
    broken(TREE, "item if key is None else key(item)", "key(item) if key is None else item"),
    broken(MATHS, "    if not values:\n        raise ValueError(\"no values\")\n", "", ("no values",)),
    broken(MATHS, "prime <= math.sqrt(number)", "prime < math.sqrt(number)"),
    # calls around and away
    broken(MATHS, "return abs(a)", "return a"),
    broken(TREE, "dict(left)", "left"),
    broken(TREE, "(list, tuple)", "list"),
    broken(PARSE, "value.strip()\n\n", "value\n\n"),
    broken(WORDS, "text = text.lower()", "text.lower()"),
    # statements
    broken(CHUNKS, "            chunk = []\n    if", "    if"),
    broken(CHUNKS, "    return found\n", ""),
    broken(CHUNKS, "    if chunk:\n        found.append(chunk)\n    return", "    return"),
    broken(CHUNKS, "            chunk = []\n    if", "        chunk = []\n    if"),
    broken(MATHS, "            found.append(number)\n    return", "            found.append(number)\n"
           "        return"),
    broken(CACHE, "        self.loader = loader\n", ""),
    broken(PARSE, "            continue\n        if", "            break\n        if"),
    broken(PARSE, "            if strict:\n                raise\n", "            raise\n"),
    broken(TREE, "            yield from flatten(item)", "            yield flatten(item)"),
    broken(TREE, "            continue\n        seen", "            return\n        seen"),
    broken(TREE, "        seen.add(mark)\n        yield item", "        yield item\n"
           "        seen.add(mark)"),
    # strings, patterns, exceptions
    broken(PARSE, 'separator="="', 'separator=":"', ("=",)),
    broken(PARSE, 'f"no name in {line!r}"', '"no name in {line!r}"'),
    broken(PARSE, "except ValueError as error", "except TypeError as error", ("ValueError",)),
    broken(MATHS, '"no values"', '"No values"', ("no values",)),
    broken(WORDS, '[a-z]+"', '[a-z]"'),
    broken(WORDS, 'r"[a-z]+"', 'r"[a-z]*"'),
    broken("def load(data, name):\n    try:\n        return data[name]\n"
           "    except (KeyError, TypeError):\n        return None\n",
           "(KeyError, TypeError)", "KeyError", ("TypeError",)),
    broken("count = 0\n\ndef tick():\n    global count\n    count += 1\n    return count\n",
           "    global count\n", ""),
    broken("def make(items=()):\n    items = items.copy()\n    items.append(1)\n    return items\n",
           "    items = items.copy()\n", ""),
    broken("def pair(one, two):\n    return one, two\n", "one, two\n", "(one,)\n"),
    broken("TEENS = [11, 12, 13]\n", ", 13]", "]", ("13",)),
    broken("def row(name, size):\n    return {'name': name, 'size': size}\n", ", 'size': size", ""),
    broken("def title(text):\n    return re.sub('[a-z]', up, text)\n", "'[a-z]'", "'[a-]z'"),
    broken("def key(row):\n    return row['kind']\n", "'kind'", "'knd'", ("kind",)),
    broken("def show(value):\n    return str(value).lower()\n", "str(value)", "value"),
    broken("def check(x):\n    if not x:\n        raise ValueError(x)\n", "ValueError(x)", "x"),
    broken("class Box:\n    def put(self, x):\n        self.items.append(x)\n\n"
           "    def get(self):\n        return self.items.pop()\n", "self.items.append", "self.append"),
    # what the file knows and does not use
    broken("from os import path\n\ndef name(file, root):\n    return path.join(root, file)\n",
           "path.join(root, file)", "path.split(root, file)"),
    broken("import datetime\n\ndef read(text, form):\n    return datetime.datetime.strptime(text, form)\n",
           ".strptime", ".strftime"),
    broken("import math\n\ndef widest(sizes):\n    return max(sizes, default=math.inf)\n",
           "math.inf", "math"),
    broken("import re\n\nFLAGS = re.VERBOSE\n", "re.VERBOSE", "re.match"),
    broken("import re\nimport os\n\ndef find(text):\n    return re.search(r'a+', text)\n", "re.search",
           "os.search"),
    broken("LIMIT_OF_ALL = 7\n\ndef cut(text, n):\n    return text[:LIMIT_OF_ALL]\n", "[:LIMIT_OF_ALL]",
           "[:n]"),
    broken("from tools import first, last\n\ndef ends(items):\n    return first(items), last(items)\n",
           "last(items)", "first(items)"),
    broken("class Box:\n    def fill(self, x):\n        self._lid = x\n        self.size = 1\n\n"
           "    def _shut(self):\n        return self.size\n\n    def close(self):\n        self._shut()\n",
           "self._shut()\n", "self.fill()\n"),
    broken("def row(format):\n    return format['width'] + format['height']\n\n"
           "def wide(format):\n    return format['width'] > 9 and format['width']\n",
           "['width'] + ", "['height'] + "),
    broken("MODES = ['left', 'right']\n\ndef side(row):\n    return row.get('right', 'center')\n",
           "get('right'", "get(''"),
    broken("def fail(name):\n    # the base64 of it\n    raise ValueError('base64 of a name: ' + name)\n",
           "'base64 of a name: '", "'base64 of a nme: '"),
    broken("def fail(name):\n    raise ValueError('the value of the name is no longer known (yet)')\n",
           "(yet)'", "(yet'"),
    broken("def head(width=5, depth=12):\n    return width * 12 + 5\n\ndef foot(n):\n    return n + 12\n",
           "n + 12", "n + 1"),
    broken("def pages(text):\n    return text.split('x', 1)\n", "1)", "'1')"),
    broken("def place(n):\n    return [n, 0]\n", "0]", "-1]"),
    broken("def call(make, *, size, key):\n    return make(size, key=key)\n", ", key=key", ""),
    broken("def call(make, size, color):\n    return make(size, color)\n", ", color)\n", ")\n"),
    broken("def wrap(func):\n    return lambda *args, **kw: func(*args, **kw)\n", "*args, **kw)", "*args)"),
    broken("def check(x):\n    return isinstance(x, (str, bytes))\n", ", (str, bytes)", ""),
    broken("def both(log, jobs, kind):\n    log(jobs, kind)\n    log(jobs[0], kind)\n", "jobs[0], kind",
           "jobs[0]"),
    broken("def call(log, stream):\n    log(1, stream=stream)\n", "stream=stream", "file=stream"),
    broken("def one(text, other):\n    if text.split(',')[0] == other.split(',')[0]:\n        return text\n",
           "other.split(',')[0]", "other[0]"),
    broken("def say(text, name):\n    return '%s: %s' % (name, text)\n", "(name, text)", "text"),
    broken("def lines(rows):\n    return '\\n'.join(str(row) for row in rows)\n",
           "'\\n'.join(str(row) for row in rows)", "(str(row) for row in rows)"),
    broken("def keep(found, item):\n    found.append(item)\n", "found.append(item)", "item"),
    broken("def run(job):\n    try:\n        job()\n    except StopIteration:\n        pass\n",
           "except StopIteration", "except job"),
    broken("def parts(text):\n    head, tail = text.split(':')\n    return head, tail\n",
           "head, tail =", "head, ="),
    broken("class A:\n    @property\n    def x(self):\n        return 1\n", "@property", "@x"),
    broken("class A:\n    def __eq__(self, other):\n        return NotImplemented\n",
           "NotImplemented", "self"),
    broken("class A:\n    def __repr__(self):\n        return self.__class__.__name__\n", ".__name__", ""),
    broken("def pick(row, kind):\n    return row.kind if kind == 'b' else row == 'b'\n", "else row == 'b'",
           "else row == kind"),
    broken("from datetime import datetime\n\ndef when(text):\n    return datetime.strptime(text, '%Y')\n",
           "strptime", "isalpha"),
    broken("def fill(make, keys):\n    return [make(key) for key in keys]\n", "make(key)", "key"),
    broken("import re\n\ndef last(text):\n    at = re.search('a', text)\n    return at.end()\n", "end()",
           "encode()"),
    broken("def keep(text, stop, sign, deep, wide, long, far, near, more, less, size, kind, name, time):\n"
           "    return sign.join(w for w in text.split(sign) if w not in (stop, name, kind, size, time))\n",
           "(w for", "(int for"),
    broken("import re\n\ndef tidy(w, old, new):\n"
           + "".join(f"    w = re.sub('{c}', '', w)\n" for c in "abcdefghij")
           + "    return re.sub(old, new, w)\n\ndef swap(w, old, new):\n    return re.sub(old, new, w)\n",
           "w)\n\ndef swap(w, old, new):\n    return re.sub(old, new, w)",
           "w)\n\ndef swap(w, old, new):\n    return re"),
    broken("import re\n\ndef shout(w):\n    return re.sub('.', lambda m: m.group(0).upper(), w)\n\n"
           "def low(w):\n    return re.sub('(.)', lambda m: m.group(1).lower(), w)\n",
           "m.group(0).upper()", "m.upper()"),
    broken("def at(one, two, three, four, five, six, seven):\n    seven = int(seven)\n    return seven\n",
           "int(seven)", "int()"),
    broken("def kind(x):\n    if isinstance(x, bytes):\n        return bytes\n    return str\n",
           "return bytes", "return float"),
    broken("def holds(f, args, kwargs):\n    return f.bind(*args, **kwargs)\n", ", **kwargs", ""),
    broken("".join(f"def zip_{a}{b}(x):\n    return x\n" for a in "abcdefgh" for b in "ghijklmn")
           + "def shifted(x, *, by):\n    return x, by\n\ndef use(x):\n    return shifted(x, by=1)\n",
           "return shifted(", "return zip_ag("),
    broken("def walk(thing, name):\n    for part in name.split('.'):\n        thing = getattr(thing, part)\n"
           "    return thing\n", "name.split('.')", "'.'"),
]  # fmt: skip
