//! The icons at hand, by their Phosphor name.
//!
//! Generated from `assets/icons/phosphor.txt` by `assets/icons/build.py`; do not edit.
//! Draw one with [`super::icon`] or set it in text of any family: the icon font
//! is the fallback of each.

/// `archive`
pub const ARCHIVE: &str = "\u{e00c}";
/// `arrow-clockwise`
pub const ARROW_CLOCKWISE: &str = "\u{e036}";
/// `arrow-counter-clockwise`
pub const ARROW_COUNTER_CLOCKWISE: &str = "\u{e038}";
/// `arrow-down`
pub const ARROW_DOWN: &str = "\u{e03e}";
/// `arrow-elbow-down-right`
pub const ARROW_ELBOW_DOWN_RIGHT: &str = "\u{e046}";
/// `arrow-left`
pub const ARROW_LEFT: &str = "\u{e058}";
/// `arrow-right`
pub const ARROW_RIGHT: &str = "\u{e06c}";
/// `arrow-square-out`
pub const ARROW_SQUARE_OUT: &str = "\u{e5de}";
/// `arrow-u-up-left`
pub const ARROW_U_UP_LEFT: &str = "\u{e08a}";
/// `arrow-u-up-right`
pub const ARROW_U_UP_RIGHT: &str = "\u{e08c}";
/// `arrow-up`
pub const ARROW_UP: &str = "\u{e08e}";
/// `arrows-clockwise`
pub const ARROWS_CLOCKWISE: &str = "\u{e094}";
/// `arrows-down-up`
pub const ARROWS_DOWN_UP: &str = "\u{e098}";
/// `arrows-in`
pub const ARROWS_IN: &str = "\u{e09a}";
/// `arrows-left-right`
pub const ARROWS_LEFT_RIGHT: &str = "\u{e0a0}";
/// `arrows-out`
pub const ARROWS_OUT: &str = "\u{e0a2}";
/// `arrows-out-simple`
pub const ARROWS_OUT_SIMPLE: &str = "\u{e0a6}";
/// `bell`
pub const BELL: &str = "\u{e0ce}";
/// `binoculars`
pub const BINOCULARS: &str = "\u{ea64}";
/// `book-open`
pub const BOOK_OPEN: &str = "\u{e0e6}";
/// `bookmark-simple`
pub const BOOKMARK_SIMPLE: &str = "\u{e0ea}";
/// `brain`
pub const BRAIN: &str = "\u{e74e}";
/// `broom`
pub const BROOM: &str = "\u{ec54}";
/// `caret-down`
pub const CARET_DOWN: &str = "\u{e136}";
/// `caret-left`
pub const CARET_LEFT: &str = "\u{e138}";
/// `caret-right`
pub const CARET_RIGHT: &str = "\u{e13a}";
/// `caret-up`
pub const CARET_UP: &str = "\u{e13c}";
/// `caret-up-down`
pub const CARET_UP_DOWN: &str = "\u{e140}";
/// `chart-bar`
pub const CHART_BAR: &str = "\u{e150}";
/// `chart-line`
pub const CHART_LINE: &str = "\u{e154}";
/// `chart-line-up`
pub const CHART_LINE_UP: &str = "\u{e156}";
/// `chat-text`
pub const CHAT_TEXT: &str = "\u{e17a}";
/// `check`
pub const CHECK: &str = "\u{e182}";
/// `check-circle`
pub const CHECK_CIRCLE: &str = "\u{e184}";
/// `check-square`
pub const CHECK_SQUARE: &str = "\u{e186}";
/// `circle`
pub const CIRCLE: &str = "\u{e18a}";
/// `circle-dashed`
pub const CIRCLE_DASHED: &str = "\u{e602}";
/// `circle-half`
pub const CIRCLE_HALF: &str = "\u{e18c}";
/// `clipboard-text`
pub const CLIPBOARD_TEXT: &str = "\u{e198}";
/// `clock`
pub const CLOCK: &str = "\u{e19a}";
/// `clock-counter-clockwise`
pub const CLOCK_COUNTER_CLOCKWISE: &str = "\u{e1a0}";
/// `cloud`
pub const CLOUD: &str = "\u{e1aa}";
/// `cloud-slash`
pub const CLOUD_SLASH: &str = "\u{e1b6}";
/// `code`
pub const CODE: &str = "\u{e1bc}";
/// `columns`
pub const COLUMNS: &str = "\u{e546}";
/// `columns-plus-right`
pub const COLUMNS_PLUS_RIGHT: &str = "\u{e542}";
/// `command`
pub const COMMAND: &str = "\u{e1c4}";
/// `copy`
pub const COPY: &str = "\u{e1ca}";
/// `copy-simple`
pub const COPY_SIMPLE: &str = "\u{e1cc}";
/// `cpu`
pub const CPU: &str = "\u{e610}";
/// `cube`
pub const CUBE: &str = "\u{e1da}";
/// `database`
pub const DATABASE: &str = "\u{e1de}";
/// `desktop`
pub const DESKTOP: &str = "\u{e560}";
/// `diamond`
pub const DIAMOND: &str = "\u{e1ec}";
/// `dots-six-vertical`
pub const DOTS_SIX_VERTICAL: &str = "\u{eae2}";
/// `dots-three`
pub const DOTS_THREE: &str = "\u{e1fe}";
/// `dots-three-vertical`
pub const DOTS_THREE_VERTICAL: &str = "\u{e208}";
/// `download-simple`
pub const DOWNLOAD_SIMPLE: &str = "\u{e20c}";
/// `equals`
pub const EQUALS: &str = "\u{e21c}";
/// `export`
pub const EXPORT: &str = "\u{eaf0}";
/// `eye`
pub const EYE: &str = "\u{e220}";
/// `eye-slash`
pub const EYE_SLASH: &str = "\u{e224}";
/// `file`
pub const FILE: &str = "\u{e230}";
/// `file-code`
pub const FILE_CODE: &str = "\u{e914}";
/// `file-csv`
pub const FILE_CSV: &str = "\u{eb1c}";
/// `file-dashed`
pub const FILE_DASHED: &str = "\u{e704}";
/// `file-lock`
pub const FILE_LOCK: &str = "\u{e95c}";
/// `file-plus`
pub const FILE_PLUS: &str = "\u{e236}";
/// `file-text`
pub const FILE_TEXT: &str = "\u{e23a}";
/// `files`
pub const FILES: &str = "\u{e710}";
/// `fingerprint`
pub const FINGERPRINT: &str = "\u{e23e}";
/// `flask`
pub const FLASK: &str = "\u{e79e}";
/// `floppy-disk`
pub const FLOPPY_DISK: &str = "\u{e248}";
/// `flow-arrow`
pub const FLOW_ARROW: &str = "\u{e6ec}";
/// `folder`
pub const FOLDER: &str = "\u{e24a}";
/// `folder-open`
pub const FOLDER_OPEN: &str = "\u{e256}";
/// `folder-plus`
pub const FOLDER_PLUS: &str = "\u{e258}";
/// `folder-simple`
pub const FOLDER_SIMPLE: &str = "\u{e25a}";
/// `folders`
pub const FOLDERS: &str = "\u{e260}";
/// `funnel`
pub const FUNNEL: &str = "\u{e266}";
/// `funnel-simple`
pub const FUNNEL_SIMPLE: &str = "\u{e268}";
/// `gauge`
pub const GAUGE: &str = "\u{e628}";
/// `gear-six`
pub const GEAR_SIX: &str = "\u{e272}";
/// `git-branch`
pub const GIT_BRANCH: &str = "\u{e278}";
/// `git-commit`
pub const GIT_COMMIT: &str = "\u{e27a}";
/// `git-diff`
pub const GIT_DIFF: &str = "\u{e27c}";
/// `git-fork`
pub const GIT_FORK: &str = "\u{e27e}";
/// `git-merge`
pub const GIT_MERGE: &str = "\u{e280}";
/// `globe`
pub const GLOBE: &str = "\u{e288}";
/// `graph`
pub const GRAPH: &str = "\u{eb58}";
/// `grid-four`
pub const GRID_FOUR: &str = "\u{e296}";
/// `hard-drive`
pub const HARD_DRIVE: &str = "\u{e29e}";
/// `hard-drives`
pub const HARD_DRIVES: &str = "\u{e2a0}";
/// `hash`
pub const HASH: &str = "\u{e2a2}";
/// `hourglass`
pub const HOURGLASS: &str = "\u{e2b2}";
/// `house`
pub const HOUSE: &str = "\u{e2c2}";
/// `image`
pub const IMAGE: &str = "\u{e2ca}";
/// `info`
pub const INFO: &str = "\u{e2ce}";
/// `key`
pub const KEY: &str = "\u{e2d6}";
/// `keyboard`
pub const KEYBOARD: &str = "\u{e2d8}";
/// `lifebuoy`
pub const LIFEBUOY: &str = "\u{e63a}";
/// `lightning`
pub const LIGHTNING: &str = "\u{e2de}";
/// `link`
pub const LINK: &str = "\u{e2e2}";
/// `link-break`
pub const LINK_BREAK: &str = "\u{e2e4}";
/// `list`
pub const LIST: &str = "\u{e2f0}";
/// `list-bullets`
pub const LIST_BULLETS: &str = "\u{e2f2}";
/// `list-dashes`
pub const LIST_DASHES: &str = "\u{e2f4}";
/// `lock`
pub const LOCK: &str = "\u{e2fa}";
/// `lock-open`
pub const LOCK_OPEN: &str = "\u{e306}";
/// `magnifying-glass`
pub const MAGNIFYING_GLASS: &str = "\u{e30c}";
/// `magnifying-glass-minus`
pub const MAGNIFYING_GLASS_MINUS: &str = "\u{e30e}";
/// `magnifying-glass-plus`
pub const MAGNIFYING_GLASS_PLUS: &str = "\u{e310}";
/// `map-trifold`
pub const MAP_TRIFOLD: &str = "\u{e31a}";
/// `math-operations`
pub const MATH_OPERATIONS: &str = "\u{e31e}";
/// `minus`
pub const MINUS: &str = "\u{e32a}";
/// `minus-circle`
pub const MINUS_CIRCLE: &str = "\u{e32c}";
/// `moon`
pub const MOON: &str = "\u{e330}";
/// `note`
pub const NOTE: &str = "\u{e348}";
/// `package`
pub const PACKAGE: &str = "\u{e390}";
/// `paper-plane-tilt`
pub const PAPER_PLANE_TILT: &str = "\u{e398}";
/// `path`
pub const PATH: &str = "\u{e39c}";
/// `pause`
pub const PAUSE: &str = "\u{e39e}";
/// `pencil-simple`
pub const PENCIL_SIMPLE: &str = "\u{e3b4}";
/// `play`
pub const PLAY: &str = "\u{e3d0}";
/// `plug`
pub const PLUG: &str = "\u{e946}";
/// `plugs`
pub const PLUGS: &str = "\u{eb56}";
/// `plugs-connected`
pub const PLUGS_CONNECTED: &str = "\u{eb5a}";
/// `plus`
pub const PLUS: &str = "\u{e3d4}";
/// `plus-circle`
pub const PLUS_CIRCLE: &str = "\u{e3d6}";
/// `power`
pub const POWER: &str = "\u{e3da}";
/// `prohibit`
pub const PROHIBIT: &str = "\u{e3de}";
/// `push-pin`
pub const PUSH_PIN: &str = "\u{e3e2}";
/// `push-pin-slash`
pub const PUSH_PIN_SLASH: &str = "\u{e3e4}";
/// `puzzle-piece`
pub const PUZZLE_PIECE: &str = "\u{e596}";
/// `question`
pub const QUESTION: &str = "\u{e3e8}";
/// `radio-button`
pub const RADIO_BUTTON: &str = "\u{eb08}";
/// `read-cv-logo`
pub const READ_CV_LOGO: &str = "\u{ed0c}";
/// `rows`
pub const ROWS: &str = "\u{e5a2}";
/// `ruler`
pub const RULER: &str = "\u{e6b8}";
/// `scales`
pub const SCALES: &str = "\u{e750}";
/// `seal-check`
pub const SEAL_CHECK: &str = "\u{e606}";
/// `seal-question`
pub const SEAL_QUESTION: &str = "\u{e608}";
/// `seal-warning`
pub const SEAL_WARNING: &str = "\u{e60c}";
/// `selection`
pub const SELECTION: &str = "\u{e69a}";
/// `share-network`
pub const SHARE_NETWORK: &str = "\u{e408}";
/// `shield-check`
pub const SHIELD_CHECK: &str = "\u{e40c}";
/// `shield-warning`
pub const SHIELD_WARNING: &str = "\u{e412}";
/// `sidebar-simple`
pub const SIDEBAR_SIMPLE: &str = "\u{ec24}";
/// `sign-in`
pub const SIGN_IN: &str = "\u{e428}";
/// `sign-out`
pub const SIGN_OUT: &str = "\u{e42a}";
/// `sliders`
pub const SLIDERS: &str = "\u{e432}";
/// `sliders-horizontal`
pub const SLIDERS_HORIZONTAL: &str = "\u{e434}";
/// `sort-ascending`
pub const SORT_ASCENDING: &str = "\u{e444}";
/// `sort-descending`
pub const SORT_DESCENDING: &str = "\u{e446}";
/// `sparkle`
pub const SPARKLE: &str = "\u{e6a2}";
/// `spinner`
pub const SPINNER: &str = "\u{e66a}";
/// `spinner-gap`
pub const SPINNER_GAP: &str = "\u{e66c}";
/// `square`
pub const SQUARE: &str = "\u{e45e}";
/// `square-half`
pub const SQUARE_HALF: &str = "\u{e462}";
/// `square-split-horizontal`
pub const SQUARE_SPLIT_HORIZONTAL: &str = "\u{e870}";
/// `squares-four`
pub const SQUARES_FOUR: &str = "\u{e464}";
/// `stack`
pub const STACK: &str = "\u{e466}";
/// `star`
pub const STAR: &str = "\u{e46a}";
/// `stop`
pub const STOP: &str = "\u{e46c}";
/// `sun`
pub const SUN: &str = "\u{e472}";
/// `swap`
pub const SWAP: &str = "\u{e83c}";
/// `table`
pub const TABLE: &str = "\u{e476}";
/// `tag`
pub const TAG: &str = "\u{e478}";
/// `tag-simple`
pub const TAG_SIMPLE: &str = "\u{e47a}";
/// `terminal`
pub const TERMINAL: &str = "\u{e47e}";
/// `terminal-window`
pub const TERMINAL_WINDOW: &str = "\u{eae8}";
/// `text-align-left`
pub const TEXT_ALIGN_LEFT: &str = "\u{e484}";
/// `text-t`
pub const TEXT_T: &str = "\u{e48a}";
/// `timer`
pub const TIMER: &str = "\u{e492}";
/// `trash`
pub const TRASH: &str = "\u{e4a6}";
/// `tray`
pub const TRAY: &str = "\u{e4aa}";
/// `tree-structure`
pub const TREE_STRUCTURE: &str = "\u{e67c}";
/// `tree-view`
pub const TREE_VIEW: &str = "\u{ee48}";
/// `trend-down`
pub const TREND_DOWN: &str = "\u{e4ac}";
/// `trend-up`
pub const TREND_UP: &str = "\u{e4ae}";
/// `triangle`
pub const TRIANGLE: &str = "\u{e4b0}";
/// `upload-simple`
pub const UPLOAD_SIMPLE: &str = "\u{e4c0}";
/// `user`
pub const USER: &str = "\u{e4c2}";
/// `users`
pub const USERS: &str = "\u{e4d6}";
/// `warning`
pub const WARNING: &str = "\u{e4e0}";
/// `warning-circle`
pub const WARNING_CIRCLE: &str = "\u{e4e2}";
/// `waves`
pub const WAVES: &str = "\u{e6de}";
/// `wifi-slash`
pub const WIFI_SLASH: &str = "\u{e4f2}";
/// `wine`
pub const WINE: &str = "\u{e6b2}";
/// `wrench`
pub const WRENCH: &str = "\u{e5d4}";
/// `x`
pub const X: &str = "\u{e4f6}";
/// `x-circle`
pub const X_CIRCLE: &str = "\u{e4f8}";
/// `x-square`
pub const X_SQUARE: &str = "\u{e4fa}";

/// Every icon with its name, for the gallery.
pub const ALL: &[(&str, &str)] = &[
    ("archive", ARCHIVE),
    ("arrow-clockwise", ARROW_CLOCKWISE),
    ("arrow-counter-clockwise", ARROW_COUNTER_CLOCKWISE),
    ("arrow-down", ARROW_DOWN),
    ("arrow-elbow-down-right", ARROW_ELBOW_DOWN_RIGHT),
    ("arrow-left", ARROW_LEFT),
    ("arrow-right", ARROW_RIGHT),
    ("arrow-square-out", ARROW_SQUARE_OUT),
    ("arrow-u-up-left", ARROW_U_UP_LEFT),
    ("arrow-u-up-right", ARROW_U_UP_RIGHT),
    ("arrow-up", ARROW_UP),
    ("arrows-clockwise", ARROWS_CLOCKWISE),
    ("arrows-down-up", ARROWS_DOWN_UP),
    ("arrows-in", ARROWS_IN),
    ("arrows-left-right", ARROWS_LEFT_RIGHT),
    ("arrows-out", ARROWS_OUT),
    ("arrows-out-simple", ARROWS_OUT_SIMPLE),
    ("bell", BELL),
    ("binoculars", BINOCULARS),
    ("book-open", BOOK_OPEN),
    ("bookmark-simple", BOOKMARK_SIMPLE),
    ("brain", BRAIN),
    ("broom", BROOM),
    ("caret-down", CARET_DOWN),
    ("caret-left", CARET_LEFT),
    ("caret-right", CARET_RIGHT),
    ("caret-up", CARET_UP),
    ("caret-up-down", CARET_UP_DOWN),
    ("chart-bar", CHART_BAR),
    ("chart-line", CHART_LINE),
    ("chart-line-up", CHART_LINE_UP),
    ("chat-text", CHAT_TEXT),
    ("check", CHECK),
    ("check-circle", CHECK_CIRCLE),
    ("check-square", CHECK_SQUARE),
    ("circle", CIRCLE),
    ("circle-dashed", CIRCLE_DASHED),
    ("circle-half", CIRCLE_HALF),
    ("clipboard-text", CLIPBOARD_TEXT),
    ("clock", CLOCK),
    ("clock-counter-clockwise", CLOCK_COUNTER_CLOCKWISE),
    ("cloud", CLOUD),
    ("cloud-slash", CLOUD_SLASH),
    ("code", CODE),
    ("columns", COLUMNS),
    ("columns-plus-right", COLUMNS_PLUS_RIGHT),
    ("command", COMMAND),
    ("copy", COPY),
    ("copy-simple", COPY_SIMPLE),
    ("cpu", CPU),
    ("cube", CUBE),
    ("database", DATABASE),
    ("desktop", DESKTOP),
    ("diamond", DIAMOND),
    ("dots-six-vertical", DOTS_SIX_VERTICAL),
    ("dots-three", DOTS_THREE),
    ("dots-three-vertical", DOTS_THREE_VERTICAL),
    ("download-simple", DOWNLOAD_SIMPLE),
    ("equals", EQUALS),
    ("export", EXPORT),
    ("eye", EYE),
    ("eye-slash", EYE_SLASH),
    ("file", FILE),
    ("file-code", FILE_CODE),
    ("file-csv", FILE_CSV),
    ("file-dashed", FILE_DASHED),
    ("file-lock", FILE_LOCK),
    ("file-plus", FILE_PLUS),
    ("file-text", FILE_TEXT),
    ("files", FILES),
    ("fingerprint", FINGERPRINT),
    ("flask", FLASK),
    ("floppy-disk", FLOPPY_DISK),
    ("flow-arrow", FLOW_ARROW),
    ("folder", FOLDER),
    ("folder-open", FOLDER_OPEN),
    ("folder-plus", FOLDER_PLUS),
    ("folder-simple", FOLDER_SIMPLE),
    ("folders", FOLDERS),
    ("funnel", FUNNEL),
    ("funnel-simple", FUNNEL_SIMPLE),
    ("gauge", GAUGE),
    ("gear-six", GEAR_SIX),
    ("git-branch", GIT_BRANCH),
    ("git-commit", GIT_COMMIT),
    ("git-diff", GIT_DIFF),
    ("git-fork", GIT_FORK),
    ("git-merge", GIT_MERGE),
    ("globe", GLOBE),
    ("graph", GRAPH),
    ("grid-four", GRID_FOUR),
    ("hard-drive", HARD_DRIVE),
    ("hard-drives", HARD_DRIVES),
    ("hash", HASH),
    ("hourglass", HOURGLASS),
    ("house", HOUSE),
    ("image", IMAGE),
    ("info", INFO),
    ("key", KEY),
    ("keyboard", KEYBOARD),
    ("lifebuoy", LIFEBUOY),
    ("lightning", LIGHTNING),
    ("link", LINK),
    ("link-break", LINK_BREAK),
    ("list", LIST),
    ("list-bullets", LIST_BULLETS),
    ("list-dashes", LIST_DASHES),
    ("lock", LOCK),
    ("lock-open", LOCK_OPEN),
    ("magnifying-glass", MAGNIFYING_GLASS),
    ("magnifying-glass-minus", MAGNIFYING_GLASS_MINUS),
    ("magnifying-glass-plus", MAGNIFYING_GLASS_PLUS),
    ("map-trifold", MAP_TRIFOLD),
    ("math-operations", MATH_OPERATIONS),
    ("minus", MINUS),
    ("minus-circle", MINUS_CIRCLE),
    ("moon", MOON),
    ("note", NOTE),
    ("package", PACKAGE),
    ("paper-plane-tilt", PAPER_PLANE_TILT),
    ("path", PATH),
    ("pause", PAUSE),
    ("pencil-simple", PENCIL_SIMPLE),
    ("play", PLAY),
    ("plug", PLUG),
    ("plugs", PLUGS),
    ("plugs-connected", PLUGS_CONNECTED),
    ("plus", PLUS),
    ("plus-circle", PLUS_CIRCLE),
    ("power", POWER),
    ("prohibit", PROHIBIT),
    ("push-pin", PUSH_PIN),
    ("push-pin-slash", PUSH_PIN_SLASH),
    ("puzzle-piece", PUZZLE_PIECE),
    ("question", QUESTION),
    ("radio-button", RADIO_BUTTON),
    ("read-cv-logo", READ_CV_LOGO),
    ("rows", ROWS),
    ("ruler", RULER),
    ("scales", SCALES),
    ("seal-check", SEAL_CHECK),
    ("seal-question", SEAL_QUESTION),
    ("seal-warning", SEAL_WARNING),
    ("selection", SELECTION),
    ("share-network", SHARE_NETWORK),
    ("shield-check", SHIELD_CHECK),
    ("shield-warning", SHIELD_WARNING),
    ("sidebar-simple", SIDEBAR_SIMPLE),
    ("sign-in", SIGN_IN),
    ("sign-out", SIGN_OUT),
    ("sliders", SLIDERS),
    ("sliders-horizontal", SLIDERS_HORIZONTAL),
    ("sort-ascending", SORT_ASCENDING),
    ("sort-descending", SORT_DESCENDING),
    ("sparkle", SPARKLE),
    ("spinner", SPINNER),
    ("spinner-gap", SPINNER_GAP),
    ("square", SQUARE),
    ("square-half", SQUARE_HALF),
    ("square-split-horizontal", SQUARE_SPLIT_HORIZONTAL),
    ("squares-four", SQUARES_FOUR),
    ("stack", STACK),
    ("star", STAR),
    ("stop", STOP),
    ("sun", SUN),
    ("swap", SWAP),
    ("table", TABLE),
    ("tag", TAG),
    ("tag-simple", TAG_SIMPLE),
    ("terminal", TERMINAL),
    ("terminal-window", TERMINAL_WINDOW),
    ("text-align-left", TEXT_ALIGN_LEFT),
    ("text-t", TEXT_T),
    ("timer", TIMER),
    ("trash", TRASH),
    ("tray", TRAY),
    ("tree-structure", TREE_STRUCTURE),
    ("tree-view", TREE_VIEW),
    ("trend-down", TREND_DOWN),
    ("trend-up", TREND_UP),
    ("triangle", TRIANGLE),
    ("upload-simple", UPLOAD_SIMPLE),
    ("user", USER),
    ("users", USERS),
    ("warning", WARNING),
    ("warning-circle", WARNING_CIRCLE),
    ("waves", WAVES),
    ("wifi-slash", WIFI_SLASH),
    ("wine", WINE),
    ("wrench", WRENCH),
    ("x", X),
    ("x-circle", X_CIRCLE),
    ("x-square", X_SQUARE),
];
