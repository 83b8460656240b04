/* The command line of one verb, read by its table. Errors name the option, what it
 * takes, and the nearest option where a name is wrong. */
#include "cli/options.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The command line as it is being read. */
typedef struct reader {
  const hr_grammar *grammar;
  void *values;
  uint64_t seen; /* bit i: option i was given */
} reader;

static hr_status unknown_option(const hr_grammar *grammar, const char *name,
                                size_t length, hr_error *err) {
  const char *names[64];
  char word[64];
  snprintf(word, sizeof word, "%.*s", (int)length, name);
  for (size_t i = 0; i < grammar->option_count; i++) names[i] = grammar->options[i].name;
  const char *nearest = hr_nearest_name(word, names, grammar->option_count);
  if (nearest) {
    return hr_fail(err, HR_ERR_USAGE, "%s has no option '--%s'; did you mean '--%s'?",
                   grammar->verb, word, nearest);
  }
  return hr_fail(err, HR_ERR_USAGE,
                 "%s has no option '--%s'; `headroom help %s` lists those it has",
                 grammar->verb, word, grammar->verb);
}

static bool within(const hr_option *option, double x) {
  return option->maximum <= option->minimum ||
         (x >= option->minimum && x <= option->maximum);
}

/* The sentence for a value of the right kind of text but the wrong number, or no number.
 */
static hr_status wrong_value(const hr_option *option, const char *what, const char *value,
                             hr_error *err) {
  if (option->maximum > option->minimum) {
    return hr_fail(err, HR_ERR_USAGE, "'--%s %s': give %s from %.10g to %.10g",
                   option->name, value, what, option->minimum, option->maximum);
  }
  return hr_fail(err, HR_ERR_USAGE, "'--%s %s': give %s", option->name, value, what);
}

static hr_status needs_value(const hr_option *option, hr_error *err) {
  return hr_fail(err, HR_ERR_USAGE, "option '--%s' needs a value: --%s %s", option->name,
                 option->name, option->value);
}

static hr_status read_count(const hr_option *option, const char *value, void *member,
                            hr_error *err) {
  uint64_t count = 0;
  bool good = *value != '\0';
  for (const char *digit = value; good && *digit; digit++) {
    uint64_t units = (uint64_t)(*digit - '0');
    good = *digit >= '0' && *digit <= '9' && count <= (UINT64_MAX - units) / 10;
    count = 10 * count + units;
  }
  if (!good || !within(option, (double)count)) {
    return wrong_value(option, "a whole number", value, err);
  }
  memcpy(member, &count, sizeof count);
  return HR_OK;
}

static hr_status read_number(const hr_option *option, const char *value, void *member,
                             hr_error *err) {
  double x = 0.0;
  bool is_number = hr_parse_number(value, &x);
  if (is_number && x <= 0.0 && option->zero_means_absent) {
    return wrong_value(option, "a number above 0, or leave it out", value, err);
  }
  if (!is_number || !within(option, x)) {
    return wrong_value(option, "a number", value, err);
  }
  memcpy(member, &x, sizeof x);
  return HR_OK;
}

static hr_status read_range(const hr_option *option, const char *value, void *member,
                            hr_error *err) {
  char low[64];
  const char *comma = strchr(value, ',');
  int length = comma ? (int)(comma - value) : (int)strlen(value);
  double ends[2] = {0.0, 0.0};
  bool good = length < (int)sizeof low;
  snprintf(low, sizeof low, "%.*s", length, value);
  good = good && hr_parse_number(low, &ends[0]);
  ends[1] = ends[0];
  if (comma) good = good && hr_parse_number(comma + 1, &ends[1]);
  if (!good || ends[0] > ends[1] || !within(option, ends[0]) ||
      !within(option, ends[1])) {
    return wrong_value(option, "one number or LO,HI (LO not above HI)", value, err);
  }
  memcpy(member, ends, sizeof ends);
  return HR_OK;
}

static hr_status read_choice(const hr_option *option, const char *value, void *member,
                             hr_error *err) {
  size_t length = strlen(value);
  const char *choice = option->choices;
  for (int i = 0; choice; i++) {
    size_t span = strcspn(choice, "|");
    if (span == length && strncmp(choice, value, span) == 0) {
      memcpy(member, &i, sizeof i);
      return HR_OK;
    }
    choice = choice[span] == '|' ? choice + span + 1 : NULL;
  }
  return hr_fail(err, HR_ERR_USAGE, "'--%s %s': give one of %s", option->name, value,
                 option->choices);
}

static hr_status read_value(const hr_option *option, const char *value, void *member,
                            hr_error *err) {
  switch (option->kind) {
    case HR_OPTION_TEXT:
      if (*value == '\0') return needs_value(option, err);
      memcpy(member, &value, sizeof value);
      return HR_OK;
    case HR_OPTION_COUNT:
      return read_count(option, value, member, err);
    case HR_OPTION_NUMBER:
      return read_number(option, value, member, err);
    case HR_OPTION_RANGE:
      return read_range(option, value, member, err);
    case HR_OPTION_CHOICE:
      return read_choice(option, value, member, err);
    case HR_OPTION_TEXTS:
      if (*value == '\0') return needs_value(option, err);
      return hr_strings_append(member, value, err);
    case HR_OPTION_FLAG:
      break;
  }
  return hr_fail(err, HR_ERR_USAGE, "option '--%s' takes no value", option->name);
}

static const hr_option *find_option(const hr_grammar *grammar, const char *name,
                                    size_t length) {
  for (size_t i = 0; i < grammar->option_count; i++) {
    const char *known = grammar->options[i].name;
    if (strlen(known) == length && strncmp(known, name, length) == 0) {
      return &grammar->options[i];
    }
  }
  return NULL;
}

/* Reads the option `argument`, and `next` where its value is there; *used_next says so.
 */
static hr_status read_option(reader *r, const char *argument, const char *next,
                             bool *used_next, hr_error *err) {
  const char *name = argument + 2;
  size_t length = strcspn(name, "=");
  const char *value = name[length] == '=' ? name + length + 1 : NULL;
  const hr_option *option = find_option(r->grammar, name, length);
  if (!option) return unknown_option(r->grammar, name, length, err);
  uint64_t bit = (uint64_t)1 << (option - r->grammar->options);
  if ((r->seen & bit) && option->kind != HR_OPTION_TEXTS) {
    return hr_fail(err, HR_ERR_USAGE, "option '--%s' is given twice", option->name);
  }
  r->seen |= bit;
  char *member = (char *)r->values + option->offset;
  if (option->kind == HR_OPTION_FLAG && !value) {
    const bool given = true;
    memcpy(member, &given, sizeof given);
    return HR_OK;
  }
  *used_next = !value;
  if (!value) value = next;
  /* "--out --train 5" is a forgotten folder, not one called "--train". */
  if (!value || strncmp(value, "--", 2) == 0) {
    return needs_value(option, err);
  }
  return read_value(option, value, member, err);
}

static hr_strings *more_of(const hr_grammar *grammar, void *values) {
  return (hr_strings *)(void *)((char *)values + grammar->more_offset);
}

static hr_status read_operand(const hr_grammar *grammar, const char *argument,
                              void *values, const char **operand, hr_error *err) {
  if (!grammar->operand && grammar->option_count == 0) {
    return hr_fail(err, HR_ERR_USAGE, "%s takes nothing more, but got '%s'",
                   grammar->verb, argument);
  }
  if (!grammar->operand) {
    return hr_fail(err, HR_ERR_USAGE, "%s takes options alone, not '%s'", grammar->verb,
                   argument);
  }
  if (*operand && grammar->more) {
    return hr_strings_append(more_of(grammar, values), argument, err);
  }
  if (*operand) {
    return hr_fail(err, HR_ERR_USAGE, "%s takes one %s; '%s' is one too many",
                   grammar->verb, grammar->operand, argument);
  }
  *operand = argument;
  return HR_OK;
}

static bool has_seen(const reader *r, const char *name) {
  for (size_t i = 0; name && i < r->grammar->option_count; i++) {
    if (strcmp(r->grammar->options[i].name, name) == 0) return r->seen >> i & 1;
  }
  return false;
}

static hr_status check_complete(const reader *r, const char *operand, hr_error *err) {
  const hr_grammar *grammar = r->grammar;
  if (grammar->operand && !grammar->operand_optional && !operand) {
    return hr_fail(err, HR_ERR_USAGE, "%s needs a %s: headroom %s %s", grammar->verb,
                   grammar->operand, grammar->verb, grammar->operand);
  }
  if (grammar->more && more_of(grammar, r->values)->count == 0 &&
      !has_seen(r, grammar->more_unless)) {
    return hr_fail(err, HR_ERR_USAGE, "%s needs a %s behind '%s': headroom %s %s %s",
                   grammar->verb, grammar->more, operand, grammar->verb, grammar->operand,
                   grammar->more);
  }
  for (size_t i = 0; i < grammar->option_count; i++) {
    const hr_option *option = &grammar->options[i];
    if (option->required && !(r->seen >> i & 1)) {
      return hr_fail(err, HR_ERR_USAGE, "%s needs the option --%s %s", grammar->verb,
                     option->name, option->value);
    }
  }
  return HR_OK;
}

hr_status hr_options_read(const hr_grammar *grammar, size_t count,
                          const char *const *arguments, void *values,
                          const char **operand, hr_error *err) {
  hr_status status = HR_OK;
  reader r = {.grammar = grammar, .values = values};
  bool only_operands = false;
  *operand = NULL;
  for (size_t i = 0; i < count; i++) {
    const char *argument = arguments[i];
    if (only_operands || argument[0] != '-' || argument[1] == '\0') {
      HR_TRY(read_operand(grammar, argument, values, operand, err));
    } else if (strcmp(argument, "--") == 0) {
      only_operands = true;
    } else if (argument[1] != '-') {
      HR_TRY(hr_fail(err, HR_ERR_USAGE, "'%s': options begin with two dashes", argument));
    } else {
      bool used_next = false;
      const char *next = i + 1 < count ? arguments[i + 1] : NULL;
      HR_TRY(read_option(&r, argument, next, &used_next, err));
      if (used_next) i++;
    }
  }
  HR_TRY(check_complete(&r, *operand, err));
cleanup:
  return status;
}

void hr_options_fini(const hr_grammar *grammar, void *values) {
  if (values && grammar->more) hr_strings_fini(more_of(grammar, values));
  for (size_t i = 0; values && i < grammar->option_count; i++) {
    const hr_option *option = &grammar->options[i];
    if (option->kind != HR_OPTION_TEXTS) continue;
    hr_strings_fini((hr_strings *)(void *)((char *)values + option->offset));
  }
}

static void describe_default(const hr_option *option, const void *values, hr_text *out) {
  const char *member = (const char *)values + option->offset;
  double pair[2] = {0.0, 0.0};
  uint64_t count = 0;
  int choice = 0;
  switch (option->kind) {
    case HR_OPTION_COUNT:
      memcpy(&count, member, sizeof count);
      if (count > 0 || !option->zero_means_absent) {
        hr_text_append(out, " (%" PRIu64 ")", count);
      }
      break;
    case HR_OPTION_NUMBER:
      memcpy(pair, member, sizeof pair[0]);
      if (pair[0] != 0.0 || !option->zero_means_absent) {
        hr_text_append(out, " (%g)", pair[0]);
      }
      break;
    case HR_OPTION_RANGE:
      memcpy(pair, member, sizeof pair);
      if (pair[0] < pair[1]) hr_text_append(out, " (%g,%g)", pair[0], pair[1]);
      if (!(pair[0] < pair[1])) hr_text_append(out, " (%g)", pair[0]);
      break;
    case HR_OPTION_CHOICE: {
      memcpy(&choice, member, sizeof choice);
      const char *text = option->choices;
      for (int i = 0; i < choice; i++) text += strcspn(text, "|") + 1;
      hr_text_append(out, " (%.*s)", (int)strcspn(text, "|"), text);
      break;
    }
    case HR_OPTION_FLAG:
    case HR_OPTION_TEXT:
    case HR_OPTION_TEXTS:
      break;
  }
}

static void describe_usage(const hr_grammar *grammar, hr_text *out) {
  bool any_optional = false;
  hr_text_append(out, "Usage: headroom %s", grammar->verb);
  if (grammar->operand) {
    hr_text_append(out, grammar->operand_optional ? " [%s]" : " %s", grammar->operand);
  }
  if (grammar->more) hr_text_append(out, " %s...", grammar->more);
  for (size_t i = 0; i < grammar->option_count; i++) {
    const hr_option *option = &grammar->options[i];
    if (!option->required) any_optional = true;
    if (option->required) hr_text_append(out, " --%s %s", option->name, option->value);
  }
  hr_text_append(out, any_optional ? " [options]\n" : "\n");
}

void hr_options_describe(const hr_grammar *grammar, const void *values, hr_text *out) {
  describe_usage(grammar, out);
  for (size_t i = 0; i < grammar->option_count; i++) {
    const hr_option *option = &grammar->options[i];
    const char *value = option->value ? option->value : "";
    int width = 24 - (int)strlen(option->name);
    hr_text_append(out, "%s  --%s %-*s%s", i == 0 ? "\n" : "", option->name, width, value,
                   option->help);
    describe_default(option, values, out);
    hr_text_append(out, "\n");
  }
}
