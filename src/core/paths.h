/* Path patterns: brace ranges, lists and globs, and how a path is written as one. */
#ifndef HR_CORE_PATHS_H
#define HR_CORE_PATHS_H

#include "core/text.h"

/* The pattern that stands for `path` alone, whatever characters it has; freed with
 * hr_free. */
hr_status hr_escape_path(const char *path, char **out, hr_error *err) HR_MUST_CHECK;

/* Expands one path pattern to paths, in order: brace ranges `a_{0..4}` and lists `{x,y}`
 * (not nested), then shell globs (* ? [..]), sorted. What is no glob, or exists as it
 * stands, gives that path; a glob that matches nothing is HR_ERR_MISSING, a range that is
 * none HR_ERR_CONFIG. A character behind a backslash means itself. Relative paths are
 * joined to `root` (NULL or "": left as they are), in which such characters mean
 * themselves. Appends to `out`. */
hr_status hr_expand_paths(const char *root, const char *pattern, hr_strings *out,
                          hr_error *err) HR_MUST_CHECK;

#endif
