"""What do modules of the standard library hold? Names only, so that nothing is imported to know them.

Names of Python 3.11 on Linux; where a Python lacks one, an edit that writes it fails as any wrong edit does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES = """
abc: ABC ABCMeta abstractclassmethod abstractmethod abstractproperty abstractstaticmethod get_cache_token
 update_abstractmethods
ast: AST Add And AnnAssign Assert Assign AsyncFor AsyncFunctionDef AsyncWith Attribute AugAssign Await BinOp
 BitAnd BitOr BitXor BoolOp Break Call ClassDef Compare Constant Continue Del Delete Dict DictComp Div Eq
 ExceptHandler Expr Expression FloorDiv For FormattedValue FunctionDef GeneratorExp Global Gt GtE If IfExp
 Import ImportFrom In Invert Is IsNot JoinedStr LShift Lambda List ListComp Load Lt LtE MatMult Match
 MatchAs MatchClass MatchMapping MatchOr MatchSequence MatchSingleton MatchStar MatchValue Mod Module Mult
 Name NamedExpr NodeTransformer NodeVisitor Nonlocal Not NotEq NotIn Or Pass Pow PyCF_ALLOW_TOP_LEVEL_AWAIT
 PyCF_ONLY_AST RShift Raise Return Set SetComp Slice Starred Store Sub Subscript Try TryStar Tuple UAdd USub
 UnaryOp While With Yield YieldFrom alias arg arguments comprehension copy_location dump expr
 fix_missing_locations get_docstring get_source_segment increment_lineno iter_child_nodes iter_fields
 keyword literal_eval match_case parse pattern stmt unparse walk withitem
base64: a85decode a85encode b16decode b16encode b32decode b32encode b32hexdecode b32hexencode b64decode
 b64encode b85decode b85encode decode decodebytes encode encodebytes standard_b64decode standard_b64encode
 urlsafe_b64decode urlsafe_b64encode
bisect: bisect bisect_left bisect_right insort insort_left insort_right
calendar: Calendar FRIDAY HTMLCalendar IllegalMonthError IllegalWeekdayError LocaleHTMLCalendar
 LocaleTextCalendar MONDAY SATURDAY SUNDAY THURSDAY TUESDAY TextCalendar WEDNESDAY calendar day_abbr
 day_name firstweekday isleap leapdays month month_abbr month_name monthcalendar monthrange prcal prmonth
 setfirstweekday timegm weekday weekheader
codecs: BOM BOM32_BE BOM32_LE BOM64_BE BOM64_LE BOM_BE BOM_LE BOM_UTF16 BOM_UTF16_BE BOM_UTF16_LE BOM_UTF32
 BOM_UTF32_BE BOM_UTF32_LE BOM_UTF8 Codec CodecInfo EncodedFile IncrementalDecoder IncrementalEncoder
 StreamReader StreamReaderWriter StreamRecoder StreamWriter backslashreplace_errors decode encode getdecoder
 getencoder getincrementaldecoder getincrementalencoder getreader getwriter ignore_errors iterdecode
 iterencode lookup lookup_error namereplace_errors open register register_error replace_errors strict_errors
 xmlcharrefreplace_errors
collections: ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque namedtuple
contextlib: AbstractAsyncContextManager AbstractContextManager AsyncExitStack ContextDecorator ExitStack
 aclosing asynccontextmanager chdir closing contextmanager nullcontext redirect_stderr redirect_stdout
 suppress
copy: Error copy deepcopy
csv: Dialect DictReader DictWriter Error QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE QUOTE_NONNUMERIC Sniffer excel
 excel_tab field_size_limit get_dialect list_dialects reader register_dialect unix_dialect
 unregister_dialect writer
datetime: MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo
datetime.date: ctime day fromisocalendar fromisoformat fromordinal fromtimestamp isocalendar isoformat
 isoweekday max min month replace resolution strftime timetuple today toordinal weekday year
datetime.datetime: astimezone combine ctime date day dst fold fromisocalendar fromisoformat fromordinal
 fromtimestamp hour isocalendar isoformat isoweekday max microsecond min minute month now replace resolution
 second strftime strptime time timestamp timetuple timetz today toordinal tzinfo tzname utcfromtimestamp
 utcnow utcoffset utctimetuple weekday year
datetime.timedelta: days max microseconds min resolution seconds total_seconds
decimal: BasicContext Clamped Context ConversionSyntax Decimal DecimalException DecimalTuple DefaultContext
 DivisionByZero DivisionImpossible DivisionUndefined ExtendedContext FloatOperation HAVE_CONTEXTVAR
 HAVE_THREADS Inexact InvalidContext InvalidOperation MAX_EMAX MAX_PREC MIN_EMIN MIN_ETINY Overflow
 ROUND_05UP ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP
 Rounded Subnormal Underflow getcontext localcontext setcontext
difflib: Differ HtmlDiff IS_CHARACTER_JUNK IS_LINE_JUNK Match SequenceMatcher context_diff diff_bytes
 get_close_matches ndiff restore unified_diff
enum: CONFORM CONTINUOUS EJECT Enum EnumCheck EnumMeta EnumType Flag FlagBoundary IntEnum IntFlag KEEP
 NAMED_FLAGS ReprEnum STRICT StrEnum UNIQUE auto global_enum global_enum_repr global_flag_repr global_str
 member nonmember pickle_by_enum_name pickle_by_global_name property unique verify
errno: EAGAIN EEXIST EINTR ENOENT EPIPE errorcode
fnmatch: filter fnmatch fnmatchcase translate
fractions: Fraction
functools: WRAPPER_ASSIGNMENTS WRAPPER_UPDATES cache cached_property cmp_to_key lru_cache partial
 partialmethod reduce singledispatch singledispatchmethod total_ordering update_wrapper wraps
getpass: GetPassWarning getpass getuser
glob: escape glob iglob
hashlib: algorithms_available algorithms_guaranteed blake2b blake2s file_digest md5 new pbkdf2_hmac sha1
 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512 shake_128 shake_256
heapq: heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest
html: escape unescape
inspect: ArgInfo Arguments Attribute BlockFinder BoundArguments ClassFoundException ClosureVars EndOfBlock
 FrameInfo FullArgSpec Parameter Signature Traceback classify_class_attrs cleandoc currentframe findsource
 formatannotation formatannotationrelativeto formatargvalues get_annotations getabsfile getargs getargvalues
 getattr_static getblock getcallargs getclasstree getclosurevars getcomments getcoroutinelocals
 getcoroutinestate getdoc getfile getframeinfo getfullargspec getgeneratorlocals getgeneratorstate
 getinnerframes getlineno getmembers getmembers_static getmodule getmodulename getmro getouterframes
 getsource getsourcefile getsourcelines indentsize isabstract isasyncgen isasyncgenfunction isawaitable
 isbuiltin isclass iscode iscoroutine iscoroutinefunction isdatadescriptor isframe isfunction isgenerator
 isgeneratorfunction isgetsetdescriptor ismemberdescriptor ismethod ismethoddescriptor ismethodwrapper
 ismodule isroutine istraceback signature stack trace unwrap walktree
io: BlockingIOError BufferedIOBase BufferedRWPair BufferedRandom BufferedReader BufferedWriter BytesIO
 DEFAULT_BUFFER_SIZE FileIO IOBase IncrementalNewlineDecoder RawIOBase SEEK_CUR SEEK_END SEEK_SET StringIO
 TextIOBase TextIOWrapper UnsupportedOperation open open_code text_encoding
itertools: accumulate chain combinations combinations_with_replacement compress count cycle dropwhile
 filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest
json: JSONDecodeError JSONDecoder JSONEncoder dump dumps load loads
keyword: iskeyword issoftkeyword kwlist softkwlist
locale: CHAR_MAX Error LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME atof atoi
 currency format format_string getdefaultlocale getencoding getlocale getpreferredencoding localeconv
 normalize resetlocale setlocale str strcoll strxfrm
logging: BASIC_FORMAT BufferingFormatter CRITICAL DEBUG ERROR FATAL FileHandler Filter Formatter Handler
 INFO LogRecord Logger LoggerAdapter NOTSET NullHandler StreamHandler WARN WARNING addLevelName basicConfig
 captureWarnings critical debug disable error exception fatal getLevelName getLevelNamesMapping
 getLogRecordFactory getLogger getLoggerClass info lastResort log makeLogRecord raiseExceptions
 setLogRecordFactory setLoggerClass shutdown warn warning
math: acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp
 exp2 expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm
 ldexp lgamma log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan
 tanh tau trunc ulp
numbers: Complex Integral Number Rational Real
operator: abs add and_ attrgetter call concat contains countOf delitem eq floordiv ge getitem gt iadd iand
 iconcat ifloordiv ilshift imatmul imod imul index indexOf inv invert ior ipow irshift is_ is_not isub
 itemgetter itruediv ixor le length_hint lshift lt matmul methodcaller mod mul ne neg not_ or_ pos pow
 rshift setitem sub truediv truth xor
os: DirEntry F_OK GenericAlias Mapping MutableMapping O_APPEND O_CREAT O_EXCL O_RDONLY O_RDWR O_TRUNC
 O_WRONLY PathLike R_OK SEEK_CUR SEEK_END SEEK_SET W_OK X_OK abort access altsep chdir chmod chown chroot
 close closerange confstr confstr_names copy_file_range cpu_count ctermid curdir defpath device_encoding
 devnull dup dup2 environ environb error eventfd eventfd_read eventfd_write extsep fchdir fchmod fchown
 fdatasync fdopen fork forkpty fpathconf fsdecode fsencode fspath fstat fstatvfs fsync ftruncate fwalk
 get_blocking get_exec_path get_inheritable get_terminal_size getcwd getcwdb getegid getenv getenvb geteuid
 getgid getgrouplist getgroups getloadavg getlogin getpgid getpgrp getpid getppid getpriority getrandom
 getresgid getresuid getsid getuid getxattr initgroups isatty kill killpg lchown linesep link listdir
 listxattr lockf login_tty lseek lstat major makedev makedirs memfd_create minor mkdir mkfifo mknod name
 nice open openpty pardir path pathconf pathconf_names pathsep pidfd_open pipe pipe2 popen pread preadv
 putenv pwrite pwritev read readlink readv register_at_fork remove removedirs removexattr rename renames
 replace rmdir scandir sendfile sep splice stat stat_result statvfs statvfs_result strerror
 supports_bytes_environ supports_dir_fd supports_effective_ids supports_fd supports_follow_symlinks symlink
 sync sysconf sysconf_names system tcgetpgrp tcsetpgrp terminal_size times times_result truncate ttyname
 umask uname uname_result unlink unsetenv urandom utime walk write writev
os.path: abspath altsep basename commonpath commonprefix curdir defpath devnull dirname exists expanduser
 expandvars extsep getatime getctime getmtime getsize isabs isdir isfile islink ismount join lexists
 normcase normpath pardir pathsep realpath relpath samefile sameopenfile samestat sep split splitdrive
 splitext supports_unicode_filenames
pathlib: Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
pathlib.Path: absolute anchor as_posix as_uri chmod cwd drive exists expanduser glob group hardlink_to home
 is_absolute is_block_device is_char_device is_dir is_fifo is_file is_mount is_relative_to is_reserved
 is_socket is_symlink iterdir joinpath lchmod link_to lstat match mkdir name open owner parent parents parts
 read_bytes read_text readlink relative_to rename replace resolve rglob rmdir root samefile stat stem suffix
 suffixes symlink_to touch unlink with_name with_stem with_suffix write_bytes write_text
platform: architecture freedesktop_os_release java_ver libc_ver mac_ver machine node platform processor
 python_branch python_build python_compiler python_implementation python_revision python_version
 python_version_tuple release system system_alias uname uname_result version win32_edition win32_is_iot
 win32_ver
pprint: PrettyPrinter isreadable isrecursive pformat pp pprint saferepr
queue: Empty Full LifoQueue PriorityQueue Queue SimpleQueue
random: Random SystemRandom betavariate choice choices expovariate gammavariate gauss getrandbits getstate
 lognormvariate normalvariate paretovariate randbytes randint random randrange sample seed setstate shuffle
 triangular uniform vonmisesvariate weibullvariate
re: A ASCII DOTALL I IGNORECASE L LOCALE M MULTILINE Match NOFLAG Pattern RegexFlag S U UNICODE VERBOSE X
 compile error escape findall finditer fullmatch match purge search split sub subn template
secrets: SystemRandom choice compare_digest randbelow randbits token_bytes token_hex token_urlsafe
select: epoll error poll select
shlex: join quote shlex split
shutil: Error ExecError SameFileError SpecialFileError chown copy copy2 copyfile copyfileobj copymode
 copystat copytree disk_usage get_archive_formats get_terminal_size get_unpack_formats ignore_patterns
 make_archive move register_archive_format register_unpack_format rmtree unpack_archive
 unregister_archive_format unregister_unpack_format which
signal: Handlers ItimerError SIGALRM SIGINT SIGKILL SIGTERM Sigmasks Signals alarm default_int_handler
 getitimer getsignal pause pidfd_send_signal pthread_kill pthread_sigmask raise_signal set_wakeup_fd
 setitimer siginterrupt signal sigpending sigtimedwait sigwait sigwaitinfo strsignal struct_siginfo
 valid_signals
socket: AF_DECnet AF_INET AF_INET6 AF_UNIX SOCK_DGRAM SOCK_STREAM SOL_SOCKET SO_REUSEADDR SocketKind
 SocketType close create_connection create_server dup error fromfd gaierror getaddrinfo getdefaulttimeout
 getfqdn gethostbyaddr gethostbyname gethostbyname_ex gethostname getnameinfo getprotobyname getservbyname
 getservbyport has_dualstack_ipv6 has_ipv6 herror htonl htons if_indextoname if_nameindex if_nametoindex
 inet_aton inet_ntoa inet_ntop inet_pton ntohl ntohs recv_fds send_fds setdefaulttimeout sethostname socket
 socketpair timeout
stat: S_IFMT S_IMODE S_IRUSR S_ISDIR S_ISLNK S_ISREG S_IWUSR S_IXUSR filemode
statistics: NormalDist StatisticsError correlation covariance fmean geometric_mean harmonic_mean
 linear_regression mean median median_grouped median_high median_low mode multimode pstdev pvariance
 quantiles stdev variance
string: Formatter Template ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits
 printable punctuation whitespace
struct: Struct calcsize error iter_unpack pack pack_into unpack unpack_from
subprocess: CalledProcessError CompletedProcess DEVNULL PIPE Popen STDOUT SubprocessError TimeoutExpired
 call check_call check_output getoutput getstatusoutput run
sys: abiflags addaudithook api_version argv audit base_exec_prefix base_prefix breakpointhook
 builtin_module_names byteorder call_tracing displayhook dont_write_bytecode exc_info excepthook exception
 exec_prefix executable exit flags float_info float_repr_style get_asyncgen_hooks
 get_coroutine_origin_tracking_depth get_int_max_str_digits getallocatedblocks getdefaultencoding
 getdlopenflags getfilesystemencodeerrors getfilesystemencoding getprofile getrecursionlimit getrefcount
 getsizeof getswitchinterval gettrace hash_info hexversion implementation int_info intern is_finalizing
 maxsize maxunicode meta_path modules orig_argv path path_hooks path_importer_cache platform platlibdir
 prefix pycache_prefix set_asyncgen_hooks set_coroutine_origin_tracking_depth set_int_max_str_digits
 setdlopenflags setprofile setrecursionlimit setswitchinterval settrace stderr stdin stdlib_module_names
 stdout thread_info unraisablehook version version_info warnoptions
tempfile: NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory TemporaryFile gettempdir gettempdirb
 gettempprefix gettempprefixb mkdtemp mkstemp mktemp tempdir
textwrap: TextWrapper dedent fill indent shorten wrap
threading: Barrier BoundedSemaphore BrokenBarrierError Condition Event ExceptHookArgs Lock RLock Semaphore
 Thread ThreadError Timer active_count current_thread enumerate excepthook get_ident get_native_id
 getprofile gettrace local main_thread setprofile settrace stack_size
time: CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_TAI
 CLOCK_THREAD_CPUTIME_ID altzone asctime clock_getres clock_gettime clock_gettime_ns clock_settime
 clock_settime_ns ctime daylight get_clock_info gmtime localtime mktime monotonic monotonic_ns perf_counter
 perf_counter_ns process_time process_time_ns pthread_getcpuclockid sleep strftime strptime struct_time
 thread_time thread_time_ns time time_ns timezone tzname tzset
tokenize: COMMENT DEDENT ENCODING ENDMARKER INDENT NAME NEWLINE NL NUMBER OP STRING TokenInfo
 detect_encoding generate_tokens tok_name tokenize untokenize
traceback: FrameSummary StackSummary TracebackException clear_frames extract_stack extract_tb format_exc
 format_exception format_exception_only format_list format_stack format_tb print_exc print_exception
 print_last print_stack print_tb walk_stack walk_tb
types: AsyncGeneratorType BuiltinFunctionType BuiltinMethodType CellType ClassMethodDescriptorType CodeType
 CoroutineType DynamicClassAttribute EllipsisType FrameType FunctionType GeneratorType GenericAlias
 GetSetDescriptorType LambdaType MappingProxyType MemberDescriptorType MethodDescriptorType MethodType
 MethodWrapperType ModuleType NoneType NotImplementedType SimpleNamespace TracebackType UnionType
 WrapperDescriptorType coroutine new_class prepare_class resolve_bases
unicodedata: UCD bidirectional category combining decimal decomposition digit east_asian_width is_normalized
 lookup mirrored name normalize numeric ucd_3_2_0 unidata_version
urllib.parse: DefragResult DefragResultBytes ParseResult ParseResultBytes SplitResult SplitResultBytes
 parse_qs parse_qsl quote quote_from_bytes quote_plus unquote unquote_plus unquote_to_bytes urldefrag
 urlencode urljoin urlparse urlsplit urlunparse urlunsplit
uuid: Enum NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 RESERVED_FUTURE RESERVED_MICROSOFT
 RESERVED_NCS RFC_4122 SafeUUID UUID bytes_ getnode int_ uuid1 uuid3 uuid4 uuid5
warnings: catch_warnings filterwarnings formatwarning resetwarnings showwarning simplefilter warn
 warn_explicit
weakref: CallableProxyType ProxyType ProxyTypes ReferenceType WeakKeyDictionary WeakMethod WeakSet
 WeakValueDictionary finalize getweakrefcount getweakrefs proxy ref
zlib: DEFLATED DEF_BUF_SIZE DEF_MEM_LEVEL MAX_WBITS ZLIB_RUNTIME_VERSION ZLIB_VERSION Z_BEST_COMPRESSION
 Z_BEST_SPEED Z_BLOCK Z_DEFAULT_COMPRESSION Z_DEFAULT_STRATEGY Z_FILTERED Z_FINISH Z_FIXED Z_FULL_FLUSH
 Z_HUFFMAN_ONLY Z_NO_COMPRESSION Z_NO_FLUSH Z_PARTIAL_FLUSH Z_RLE Z_SYNC_FLUSH Z_TREES adler32 compress
 compressobj crc32 decompress decompressobj error
"""
"""One module or class a line, or several lines."""


def _held() -> dict[str, tuple[str, ...]]:
    lines = NAMES.replace("\n ", " ").strip().splitlines()
    return {name: tuple(words.split()) for name, _, words in (line.partition(":") for line in lines)}


HELD: Mapping[str, tuple[str, ...]] = MappingProxyType(_held())
"""Dotted name of a module or class -> what it holds."""
