/* Path patterns, expanded as a shell would (core/paths.h). Braces are expanded here:
 * glob(3) knows lists of them (GLOB_BRACE) and no ranges. A name that braces give need
 * not exist; what is left of a pattern after them is looked for on the disk. */
#include "core/paths.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

enum { MOST_PATHS = 100000 }; /* shards; more is a typing mistake */

/* The first of `characters` that no backslash stands before, or NULL. */
static const char *find_special(const char *pattern, const char *characters) {
  for (; *pattern; pattern++) {
    if (strchr(characters, *pattern)) return pattern;
    if (*pattern == '\\' && pattern[1]) pattern++;
  }
  return NULL;
}

/* The first pair of braces of a pattern: pattern[open] and pattern[close]. */
typedef struct brace_group {
  const char *pattern;
  size_t open, close;
} brace_group;

/* The first `{` with a `}` behind it, or false. */
static bool find_braces(const char *pattern, brace_group *out) {
  const char *start = find_special(pattern, "{");
  const char *end = start ? find_special(start, "}") : NULL;
  if (!end) return false;
  *out = (brace_group){.pattern = pattern,
                       .open = (size_t)(start - pattern),
                       .close = (size_t)(end - pattern)};
  return true;
}

static hr_status expand_braces(const char *pattern, hr_strings *out, hr_error *err);

/* Replaces the group by `choice` and expands the rest. */
static hr_status expand_choice(const brace_group *group, const char *choice,
                               hr_strings *out, hr_error *err) {
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "%.*s%s%s", (int)group->open, group->pattern, choice,
                 group->pattern + group->close + 1);
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = expand_braces(text.bytes, out, err);
  hr_text_fini(&text);
  return status;
}

/* {8..11}: 8, 9, 10, 11; {08..11}: 08, 09, 10, 11, as the shell does. */
static hr_status expand_range(const brace_group *group, long first, long last,
                              hr_strings *out, hr_error *err) {
  long step = first <= last ? 1 : -1;
  const char *inside = group->pattern + group->open + 1;
  int digits = *inside == '0' ? (int)strcspn(inside, ".") : 0;
  for (long i = first;; i += step) {
    char number[32];
    snprintf(number, sizeof number, "%0*ld", digits, i);
    hr_status status = expand_choice(group, number, out, err);
    if (status != HR_OK || i == last) return status;
  }
}

static hr_status expand_list(const brace_group *group, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  const char *pattern = group->pattern;
  for (size_t start = group->open + 1; start <= group->close;) {
    size_t end = start + strcspn(pattern + start, ",}");
    char choice[4096];
    if (end - start >= sizeof choice) {
      return hr_fail(err, HR_ERR_CONFIG, "a name in the braces is too long");
    }
    memcpy(choice, pattern + start, end - start);
    choice[end - start] = '\0';
    status = expand_choice(group, choice, out, err);
    if (status != HR_OK) return status;
    start = end + 1;
  }
  return status;
}

/* {0..} or {0..99999999999}: without a comma no list, and what names no folder is meant
 * to be a range. */
static bool is_failed_range(const brace_group *group) {
  const char *start = group->pattern + group->open, *dots = strstr(start, "..");
  size_t length = group->close - group->open;
  return dots && dots < start + length && !memchr(start, ',', length) &&
         !memchr(start, '/', length);
}

static hr_status expand_braces(const char *pattern, hr_strings *out, hr_error *err) {
  brace_group group = {0};
  if (out->count >= MOST_PATHS) {
    return hr_fail(err, HR_ERR_CONFIG, "the braces give more than %d names", MOST_PATHS);
  }
  if (!find_braces(pattern, &group)) return hr_strings_append(out, pattern, err);
  long first = 0, last = 0;
  int used = 0;
  if (sscanf(pattern + group.open, "{%9ld..%9ld}%n", &first, &last, &used) == 2 &&
      used > 0) {
    return expand_range(&group, first, last, out, err);
  }
  if (is_failed_range(&group)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "the range %.*s is not understood; write it as {FIRST..LAST} with two "
                   "whole numbers of at most 9 digits",
                   (int)(group.close - group.open + 1), pattern + group.open);
  }
  return expand_list(&group, out, err);
}

hr_status hr_escape_path(const char *path, char **out, hr_error *err) {
  hr_status status = hr_alloc(out, 2 * strlen(path) + 1, err);
  if (status != HR_OK) return status;
  char *end = *out;
  for (; *path; path++) {
    if (strchr("*?[]{}\\", *path)) *end++ = '\\';
    *end++ = *path;
  }
  return HR_OK;
}

/* Takes the backslashes out that keep characters from meaning more than themselves. */
static void unescape(char *path) {
  char *out = path;
  for (; *path; path++) {
    if (*path == '\\' && path[1]) path++;
    *out++ = *path;
  }
  *out = '\0';
}

static hr_status search(const char *root, const char *name, const char *path,
                        hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *pattern = NULL;
  glob_t found = {0};
  HR_TRY(hr_escape_path(root ? root : "", &folder, err));
  HR_TRY(hr_join_path(folder, name, &pattern, err));
  int result = glob(pattern, 0, NULL, &found);
  if (result == GLOB_NOMATCH) {
    status = hr_fail(err, HR_ERR_MISSING, "no file matches '%s'", path);
  } else if (result != 0) {
    status = hr_fail(err, HR_ERR_IO, "cannot search for '%s'", path);
  }
  for (size_t i = 0; status == HR_OK && i < found.gl_pathc; i++) {
    status = hr_strings_append(out, found.gl_pathv[i], err);
  }
cleanup:
  globfree(&found);
  hr_free(pattern);
  hr_free(folder);
  return status;
}

static hr_status expand_glob(const char *root, const char *name, hr_strings *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *plain = NULL;
  HR_TRY(hr_join_path(root, name, &path, err));
  /* A file may have such characters in its own name. */
  if (find_special(name, "*?[") && access(path, F_OK) != 0) {
    HR_TRY(search(root, name, path, out, err));
    goto cleanup;
  }
  HR_TRY(hr_copy_text(name, &plain, err));
  if (!find_special(name, "*?[")) unescape(plain);
  hr_free(path);
  path = NULL;
  HR_TRY(hr_join_path(root, plain, &path, err));
  HR_TRY(hr_strings_append(out, path, err));
cleanup:
  hr_free(plain);
  hr_free(path);
  return status;
}

hr_status hr_expand_paths(const char *root, const char *pattern, hr_strings *out,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *joined = NULL;
  hr_strings names = {0};
  HR_TRY(hr_join_path(root, pattern, &joined, err));
  if (access(joined, F_OK) == 0) {
    status = hr_strings_append(out, joined, err);
    goto cleanup;
  }
  HR_TRY(expand_braces(pattern, &names, err));
  for (size_t i = 0; i < names.count; i++) {
    HR_TRY(expand_glob(root, names.items[i], out, err));
  }
cleanup:
  hr_strings_fini(&names);
  hr_free(joined);
  return status;
}
