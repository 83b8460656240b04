/* What the tests of the configuration share. */
#ifndef HR_TESTS_CONFIG_CHECKS_H
#define HR_TESTS_CONFIG_CHECKS_H

#include "config/config.h"
#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"

/* The least that runs, on two lines. */
#define HEAD              \
  "experiment: {id: E}\n" \
  "data: {train: a.h5, test: t.h5}\n"

static inline hr_status parse(const char *yaml, hr_config **out, hr_error *err) {
  return hr_config_parse(yaml, strlen(yaml), "s.yaml", "/base", out, err);
}

static inline hr_config *accept(const char *yaml) {
  hr_config *config = NULL;
  hr_error err = {0};
  check_ok(parse(yaml, &config, &err));
  return config;
}

static inline void refuse(const char *yaml, const char *message) {
  hr_config *config = NULL;
  hr_error err = {0};
  check_fails(parse(yaml, &config, &err), HR_ERR_CONFIG, message);
  assert_null(config);
}

/* The least that runs, with `rest` from line 3 on. */
static inline hr_config *accept_rest(const char *rest) {
  char yaml[4096];
  snprintf(yaml, sizeof yaml, "%s%s", HEAD, rest);
  return accept(yaml);
}

static inline void refuse_rest(const char *rest, const char *message) {
  char yaml[4096];
  snprintf(yaml, sizeof yaml, "%s%s", HEAD, rest);
  refuse(yaml, message);
}

static inline char *written(const hr_config *config) {
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_config_write(config, &text, &err));
  return text.bytes;
}

/* A file of the source tree, whole. */
static inline char *read_source(const char *name) {
  hr_error err = {0};
  char path[4096], *bytes = NULL;
  size_t size = 0;
  const char *slash = strrchr(__FILE__, '/');
  snprintf(path, sizeof path, "%.*s/../../%s", (int)(slash - __FILE__), __FILE__, name);
  check_ok(hr_file_read(path, 1 << 20, &bytes, &size, &err));
  return bytes;
}

/* Written and read again, from another folder, every configuration is the same. */
static inline void check_round_trip(const char *yaml) {
  hr_config *first = accept(yaml), *second = NULL;
  hr_error err = {0};
  char *text = written(first);
  check_ok(hr_config_parse(text, strlen(text), "again", "/elsewhere", &second, &err));
  char *again = written(second);
  assert_string_equal(again, text);
  assert_int_equal(second->data.train_paths.count, first->data.train_paths.count);
  for (size_t i = 0; i < first->data.train_paths.count; i++) {
    assert_string_equal(second->data.train_paths.items[i],
                        first->data.train_paths.items[i]);
  }
  assert_string_equal(second->data.test_path, first->data.test_path);
  assert_string_equal(second->data.root, first->data.root);
  hr_config_destroy(&first);
  hr_config_destroy(&second);
  hr_free(text);
  hr_free(again);
}

#endif
