/* Every sentence about a configuration begins with its place (core/yaml_tree.h) and the
 * key, and says " is missing; " where a key has to be added: that is all that is used of
 * it here. */
#include "config/problems.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/yaml_edit.h"

enum { KEY_BYTES = 128, MOST_LIST_BYTES = 96 };

void hr_config_problems_fini(hr_config_problems *problems) {
  hr_strings_fini(&problems->sentences);
  hr_strings_fini(&problems->keys);
}

/* What stands behind "NAME:" or "NAME, ", with the place itself; NULL: no place. */
static const char *read_place(const char *message, const char *name, hr_yaml_mark *mark) {
  size_t length = strlen(name);
  int used = 0;
  *mark = (hr_yaml_mark){0};
  if (strncmp(message, name, length) != 0) return NULL;
  const char *rest = message + length;
  if (sscanf(rest, ":%zu:%zu: %n", &mark->line, &mark->column, &used) == 2 && used > 0) {
    return rest + 1;
  }
  if (sscanf(rest, ", " HR_DOOR_SET " %zu: %n", &mark->column, &used) == 1 && used > 0) {
    return rest + 2;
  }
  return NULL;
}

/* The mapping under `key` of the document, made where there is none. */
static hr_yaml_node *open_section(hr_yaml_node *root, const char *key) {
  hr_yaml_node *made = NULL;
  for (size_t i = 0; i < root->count; i++) {
    hr_yaml_node *item = root->items[i];
    if (strcmp(item->key, key) == 0 && item->kind == HR_YAML_MAPPING) return item;
  }
  if (hr_alloc(&made, 1, NULL) != HR_OK) return NULL;
  hr_yaml_node *section = made;
  made->kind = HR_YAML_MAPPING;
  made->mark = root->mark;
  if (hr_yaml_put(root, key, root->mark, &made, NULL) == HR_OK) return section;
  hr_yaml_tree_destroy(&made);
  return NULL;
}

/* A key that must be given gets its own name as its value, so that the rest can be read.
 * A section that is not there is missed at the document. */
static bool put_stand_in(hr_yaml_node *root, hr_yaml_mark mark, const char *path) {
  hr_yaml_node *value = NULL, *mapping = NULL;
  const char *dot = strrchr(path, '.');
  char section[128];
  if (!dot) return false;
  snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
  bool is_top = !strpbrk(section, ".[");
  mapping = is_top ? open_section(root, section) : hr_yaml_mapping_at(root, mark);
  bool done =
      mapping && hr_yaml_tree_create(dot + 1, strlen(dot + 1), "", &value, NULL) == HR_OK;
  if (done) {
    hr_yaml_move(value, mark);
    done = hr_yaml_put(mapping, dot + 1, mark, &value, NULL) == HR_OK;
  }
  hr_yaml_tree_destroy(&value);
  return done;
}

/* What stands behind the place. */
static const char *body_of(const char *sentence) {
  const char *start = strstr(sentence, ": ");
  return start ? start + 2 : sentence;
}

/* The key that a sentence is about: its first word, or where it begins otherwise what it
 * names. */
static void read_key(const char *sentence, char *out, size_t size) {
  const char *start = body_of(sentence), *section = "";
  if (strncmp(start, "the target ", 11) == 0) { /* "... is an axis of binning" */
    section = "binning.axes.";
    start += 11;
  }
  if (strncmp(start, "experts: '", 10) == 0) { /* "... cannot name a model" */
    section = "experts.";
    start += 10;
  }
  if (strncmp(start, "the key '", 9) == 0) start += 9;
  if (strncmp(start, "a label in ", 11) == 0) start += 11;
  if (strncmp(start, "a name in ", 10) == 0) start += 10;
  snprintf(out, size, "%s%.*s", section, (int)strcspn(start, " ':,"), start);
}

/* Whether a sentence about `key` only says what an earlier one about `before` has led to:
 * about what holds it, or about the same once more. Items of a list move up. */
static bool follows(const char *key, const char *before) {
  size_t length = strlen(key);
  if (length == 0 || strncmp(before, key, length) != 0) return false;
  if (before[length] == '\0') return key[length - 1] != ']';
  return before[length] == '.' || before[length] == '[';
}

/* Sentences that miss another key, which may have been there and taken out as it was
 * wrong: what is said of it is enough then. */
static const struct {
  const char *misses;  /* in the sentence */
  const char *missing; /* the key */
  bool is_beside;      /* in the mapping of the sentence's own key; else from the top */
} dependents[] = {
    {" joins the tables of data.labels, and there are none", "data.labels", false},
    {" has no effect without validation", "validation", true},
    {" sums up the weights of the posterior mean's templates", "experts", false},
};

/* Whether it is that key, or one right in it: what is deeper was wrong with a part of it,
 * and took nothing away that others miss. */
static bool is_within(const char *key, const char *outer) {
  size_t length = strlen(outer);
  if (strncmp(key, outer, length) != 0) return false;
  const char *rest = key + length;
  if (*rest == '\0' || *rest == '[') return true;
  return *rest == '.' && !strchr(rest + 1, '.');
}

static bool is_led_to(const hr_config_problems *problems, const char *sentence,
                      const char *key) {
  char missing[KEY_BYTES + 32];
  for (size_t d = 0; d < sizeof dependents / sizeof dependents[0]; d++) {
    if (!strstr(sentence, dependents[d].misses)) continue;
    const char *dot = dependents[d].is_beside ? strrchr(key, '.') : NULL;
    snprintf(missing, sizeof missing, "%.*s%s", dot ? (int)(dot - key) + 1 : 0, key,
             dependents[d].missing);
    for (size_t i = 0; i < problems->keys.count; i++) {
      if (is_within(problems->keys.items[i], missing)) return true;
    }
  }
  return false;
}

static bool is_known(const hr_config_problems *problems, const char *sentence,
                     const char *key) {
  for (size_t i = 0; i < problems->sentences.count; i++) {
    if (strcmp(body_of(problems->sentences.items[i]), body_of(sentence)) == 0)
      return true;
  }
  for (size_t i = 0; i < problems->keys.count; i++) {
    if (follows(key, problems->keys.items[i])) return true;
  }
  return is_led_to(problems, sentence, key);
}

static hr_status append(hr_config_problems *problems, const hr_error *error,
                        const char *sentence, const char *key, hr_error *err) {
  if (problems->sentences.count == 0) problems->first = *error;
  hr_status status = hr_strings_append(&problems->sentences, sentence, err);
  if (status != HR_OK) return status;
  return hr_strings_append(&problems->keys, key, err);
}

hr_status hr_config_problems_take_setting(hr_config_problems *problems,
                                          const hr_error *error, const char *key,
                                          hr_error *err) {
  return append(problems, error, error->message, key, err);
}

static void write_item(const char *path, size_t number, char key[KEY_BYTES]) {
  snprintf(key, KEY_BYTES, "%.*s[%zu]", MOST_LIST_BYTES, path, number);
}

static bool is_taken(const hr_config_problems *problems, const char *path,
                     size_t number) {
  char key[KEY_BYTES];
  write_item(path, number, key);
  return hr_strings_has(&problems->keys, key);
}

/* The number in the file of what is now an item of the list at `path`. */
static size_t find_number_in_file(const hr_config_problems *problems, const char *path,
                                  size_t item) {
  size_t number = item;
  for (size_t i = 0; i <= number; i++) number += is_taken(problems, path, i);
  return number;
}

/* Whether one of the document's lists has an item of its own there, other than a mapping,
 * of which a key may be taken out and not the whole. */
static bool is_item_at(const hr_yaml_node *root, hr_yaml_mark mark) {
  for (size_t i = 0; i < root->count; i++) {
    const hr_yaml_node *item = root->items[i];
    bool is_here = item->mark.line == mark.line && item->mark.column == mark.column;
    if (is_here && root->kind == HR_YAML_SEQUENCE) return item->kind != HR_YAML_MAPPING;
    if (is_item_at(item, mark)) return true;
  }
  return false;
}

/* The sentence and its key, where it is about an item of a list that has lost others:
 * with the item's number in the file. Items from outside (line 0) have no places of their
 * own. */
static void restore_number(const hr_config_problems *problems, const hr_yaml_node *root,
                           hr_yaml_mark mark, char *key, char *sentence) {
  size_t item = 0, length = strlen(key);
  char path[KEY_BYTES], rest[HR_ERROR_MESSAGE_BYTES];
  const char *bracket = strrchr(key, '[');
  char *at = strstr(sentence, key);
  if (!bracket || !at || bracket - key > MOST_LIST_BYTES) return;
  if (sscanf(bracket, "[%zu]", &item) != 1) return;
  if (mark.line == 0 || key[length - 1] != ']' || !is_item_at(root, mark)) return;
  snprintf(path, sizeof path, "%.*s", (int)(bracket - key), key);
  snprintf(rest, sizeof rest, "%s", at + length);
  write_item(path, find_number_in_file(problems, path, item), key);
  size_t room = HR_ERROR_MESSAGE_BYTES - (size_t)(at - sentence);
  snprintf(at, room, "%s%s", key, rest);
}

bool hr_config_problems_take(hr_config_problems *problems, const hr_error *error,
                             hr_yaml_node *root) {
  hr_yaml_mark mark;
  char key[KEY_BYTES], sentence[HR_ERROR_MESSAGE_BYTES];
  bool is_told = error->status == HR_ERR_CONFIG || error->status == HR_ERR_MISSING;
  const char *told = is_told ? read_place(error->message, problems->name, &mark) : NULL;
  bool is_enough = problems->sentences.count >= HR_CONFIG_MOST_PROBLEMS ||
                   ++problems->steps > 4 * HR_CONFIG_MOST_PROBLEMS;
  if (!told || is_enough) return false;
  snprintf(sentence, sizeof sentence, "%s", told);
  read_key(sentence, key, sizeof key);
  restore_number(problems, root, mark, key, sentence);
  bool is_missing = strstr(sentence, " is missing; ") != NULL;
  if (!is_known(problems, sentence, key) &&
      append(problems, error, sentence, key, NULL) != HR_OK) {
    return false;
  }
  problems->has_stand_ins = problems->has_stand_ins || is_missing;
  if (is_missing) return put_stand_in(root, mark, key);
  return hr_yaml_take_out_at(root, mark);
}

/* How many of the sentences are on settings from outside, which name themselves. */
static size_t count_settings(const hr_strings *sentences) {
  const char *start = HR_DOOR_SET " ";
  size_t count = 0;
  for (size_t i = 0; i < sentences->count; i++) {
    count += strncmp(sentences->items[i], start, strlen(start)) == 0;
  }
  return count;
}

hr_status hr_config_problems_fail(const hr_config_problems *problems, hr_error *err) {
  const hr_strings *list = &problems->sentences;
  const hr_error *first = &problems->first;
  hr_status status = HR_OK;
  size_t settings = count_settings(list);
  bool is_outside = settings == list->count, are_both = settings > 0 && !is_outside;
  hr_text text;
  if (list->count == 1) return hr_fail(err, first->status, "%s", first->message);
  hr_text_init(&text);
  for (size_t i = 0; i < list->count; i++) {
    const char *sentence = list->items[i];
    size_t room = HR_ERROR_MESSAGE_BYTES - strlen(problems->name) - 64;
    if (i > 0 && text.length + strlen(sentence) > room) {
      hr_text_append(&text, "; and %zu more", list->count - i);
      break;
    }
    hr_text_append(&text, "%s(%zu) %s", i > 0 ? "; " : "", i + 1, sentence);
  }
  HR_TRY(hr_text_status(&text, err));
  status =
      hr_fail(err, first->status, "%s%s %zu problems: %s",
              is_outside ? HR_DOOR_CALL : problems->name,
              are_both ? " and " HR_DOOR_CALL " have" : " has", list->count, text.bytes);
cleanup:
  hr_text_fini(&text);
  return status;
}
