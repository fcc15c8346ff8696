//! Which license a text is.

/// A license by words that its text has and that no other one's has.
struct License {
    id: &'static str,
    /// All of these must occur.
    has: &'static [&'static str],
    /// None of these may occur.
    lacks: &'static [&'static str],
}

const PERMISSION: &str =
    "permission is hereby granted, free of charge, to any person obtaining a copy of this software";
const REDISTRIBUTION: &str = "redistribution and use in source and binary forms, with or without modification, are permitted";
const NO_ENDORSEMENT: &str =
    "may be used to endorse or promote products derived from this software";
const ISC_GRANT: &str = "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted";

const LICENSES: [License; 21] = [
    License {
        id: "Apache-2.0",
        has: &[
            "apache license",
            "version 2.0, january 2004",
            "terms and conditions for use, reproduction, and distribution",
        ],
        lacks: &[],
    },
    License {
        id: "MIT",
        has: &[
            PERMISSION,
            "the above copyright notice and this permission notice shall be included in all copies or substantial portions",
        ],
        lacks: &[
            "the names of contributors",
            "this permission notice shall be included in all copies or substantial portions of the font software",
        ],
    },
    License {
        id: "BSD-3-Clause",
        has: &[
            REDISTRIBUTION,
            "redistributions in binary form must reproduce",
            NO_ENDORSEMENT,
        ],
        lacks: &["all advertising materials mentioning"],
    },
    License {
        id: "BSD-4-Clause",
        has: &[
            REDISTRIBUTION,
            "all advertising materials mentioning",
            NO_ENDORSEMENT,
        ],
        lacks: &[],
    },
    License {
        id: "BSD-2-Clause",
        has: &[
            REDISTRIBUTION,
            "redistributions in binary form must reproduce",
        ],
        lacks: &[NO_ENDORSEMENT, "all advertising materials mentioning"],
    },
    License {
        id: "ISC",
        has: &[
            ISC_GRANT,
            "provided that the above copyright notice and this permission notice appear in all copies",
        ],
        lacks: &[],
    },
    License {
        id: "0BSD",
        has: &[
            ISC_GRANT,
            "the software is provided \"as is\" and the author disclaims all warranties",
        ],
        lacks: &["provided that the above copyright notice"],
    },
    License {
        id: "GPL-2.0",
        has: &["gnu general public license version 2, june 1991"],
        lacks: &[],
    },
    License {
        id: "GPL-3.0",
        has: &["gnu general public license version 3, 29 june 2007"],
        lacks: &[
            "gnu affero general public license version 3, 19",
            "gnu lesser general public license version 3, 29",
        ],
    },
    License {
        id: "LGPL-2.1",
        has: &["gnu lesser general public license version 2.1, february 1999"],
        lacks: &[],
    },
    License {
        id: "LGPL-3.0",
        has: &["gnu lesser general public license version 3, 29 june 2007"],
        lacks: &[],
    },
    License {
        id: "AGPL-3.0",
        has: &["gnu affero general public license version 3, 19 november 2007"],
        lacks: &[],
    },
    License {
        id: "MPL-2.0",
        has: &["mozilla public license version 2.0", "covered software"],
        lacks: &[],
    },
    License {
        id: "EPL-2.0",
        has: &["eclipse public license - v 2.0"],
        lacks: &[],
    },
    License {
        id: "BSL-1.0",
        has: &["boost software license - version 1.0"],
        lacks: &[],
    },
    License {
        id: "Unlicense",
        has: &["this is free and unencumbered software released into the public domain"],
        lacks: &[],
    },
    License {
        id: "CC0-1.0",
        has: &["cc0 1.0 universal"],
        lacks: &[],
    },
    License {
        id: "CC-BY-4.0",
        has: &["creative commons attribution 4.0 international public license"],
        lacks: &[],
    },
    License {
        id: "CC-BY-SA-4.0",
        has: &["creative commons attribution-sharealike 4.0 international public license"],
        lacks: &[],
    },
    License {
        id: "CC-BY-NC-4.0",
        has: &["creative commons attribution-noncommercial 4.0 international public license"],
        lacks: &[],
    },
    License {
        id: "OFL-1.1",
        has: &["sil open font license version 1.1"],
        lacks: &[],
    },
];

/// The SPDX identifier of the license whose text this is; `None` if it is none that is known, or
/// several at once.
pub fn detect_license(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '*')
        .filter(|word| !word.is_empty())
        .collect();
    let text = words.join(" ").to_lowercase().replace(['“', '”'], "\"");
    let mut found = LICENSES.iter().filter(|license| {
        license.has.iter().all(|words| text.contains(words))
            && !license.lacks.iter().any(|words| text.contains(words))
    });
    match (found.next(), found.next()) {
        (Some(license), None) => Some(license.id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "MIT License\n\nCopyright (c) 2024 Ann\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this software and associated documentation files (the \"Software\"), to deal\nin the Software without restriction.\n\nThe above copyright notice and this permission notice shall be included in all\ncopies or substantial portions of the Software.\n";

    #[test]
    fn one_license_is_recognised_and_two_are_not() {
        assert_eq!(detect_license(MIT), Some("MIT"));
        let apache = "Apache License\n Version 2.0, January 2004\n TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION";
        assert_eq!(detect_license(apache), Some("Apache-2.0"));
        assert_eq!(detect_license(&format!("{MIT}{apache}")), None);
        assert_eq!(detect_license("All rights reserved"), None);
    }

    #[test]
    fn this_project_s_own_license() {
        assert_eq!(
            detect_license(include_str!("../../../../LICENSE")),
            Some("Apache-2.0")
        );
    }
}
