#include "headroom/report.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "report/markdown.h"
#include "report/terminal.h"

/* results.json, read, and its tables. */
typedef struct source {
  char *path;
  hr_reader reader;
  hr_tables tables;
} source;

static void close_source(source *s) {
  hr_tables_fini(&s->tables);
  hr_reader_fini(&s->reader);
  hr_free(s->path);
}

static hr_status open_source(source *s, const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  *s = (source){0};
  HR_TRY(hr_join_path(run_dir, "results.json", &s->path, err));
  HR_TRY(hr_reader_init(&s->reader, s->path, err));
  HR_TRY(hr_tables_init(&s->tables, &s->reader, err));
cleanup:
  if (status != HR_OK) close_source(s);
  return status;
}

/* Writes `text` to folder/name. */
static hr_status write_text(const char *folder, const char *name, const hr_text *text,
                            const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_text_status(text, err));
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_file_write(path, text->bytes, text->length, err));
  hr_observe_info(observer, "wrote %s", path);
cleanup:
  hr_free(path);
  return status;
}

static hr_status write_table(const hr_table *table, const char *folder,
                             const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_text csv, name;
  hr_text_init(&csv);
  hr_text_init(&name);
  hr_text_append(&name, "%s.csv", table->name);
  HR_TRY(hr_text_status(&name, err));
  hr_table_write_csv(table, &csv);
  HR_TRY(write_text(folder, name.bytes, &csv, observer, err));
cleanup:
  hr_text_fini(&name);
  hr_text_fini(&csv);
  return status;
}

hr_status hr_report_write(const char *run_dir, const hr_observer *observer,
                          hr_error *err) {
  hr_status status = HR_OK;
  source s;
  char *folder = NULL;
  hr_text markdown;
  hr_text_init(&markdown);
  status = open_source(&s, run_dir, err);
  if (status != HR_OK) return status;
  /* Everything is put together before anything is written. */
  HR_TRY(hr_markdown_write(&s.reader, &s.tables, &markdown, err));
  HR_TRY(hr_join_path(run_dir, "tables", &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) {
    if (s.tables.items[t].row_count == 0) continue;
    HR_TRY(write_table(&s.tables.items[t], folder, observer, err));
  }
  HR_TRY(write_text(run_dir, "report.md", &markdown, observer, err));
cleanup:
  hr_free(folder);
  hr_text_fini(&markdown);
  close_source(&s);
  return status;
}

hr_status hr_report_text(const char *run_dir, char **out, hr_error *err) {
  hr_status status = HR_OK;
  source s;
  hr_text text;
  hr_text_init(&text);
  status = open_source(&s, run_dir, err);
  if (status != HR_OK) return status;
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) {
    hr_table_write_terminal(&s.tables.items[t], &text);
  }
  HR_TRY(hr_text_status(&text, err));
  *out = text.bytes;
  text.bytes = NULL;
cleanup:
  hr_text_fini(&text);
  close_source(&s);
  return status;
}
