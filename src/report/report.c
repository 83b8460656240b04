/* A run directory's report: tables, figures, text and page. */
#include "headroom/report.h"

#include <sys/stat.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/observe.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/ladder_words.h"
#include "report/markdown.h"
#include "report/source.h"
#include "report/targets.h"
#include "report/terminal.h"

/* Writes bytes to folder/name.suffix. */
typedef struct target {
  const char *folder, *name, *suffix;
} target;

static hr_status write_bytes(target to, const void *bytes, size_t count,
                             const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text name;
  hr_text_init(&name);
  hr_text_append(&name, "%s%s", to.name, to.suffix);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(hr_join_path(to.folder, name.bytes, &path, err));
  HR_TRY(hr_file_write(path, bytes, count, err));
  hr_observe_info(observer, "wrote %s", path);
cleanup:
  hr_text_fini(&name);
  hr_free(path);
  return status;
}

static hr_status write_text(target to, const hr_text *text, const hr_observer *observer,
                            hr_error *err) {
  hr_status status = hr_text_status(text, err);
  if (status != HR_OK) return status;
  return write_bytes(to, text->bytes, text->length, observer, err);
}

static const char tables_name[] = "tables", figures_name[] = "figures";

/* Before anything is written, so that it is all or nothing. */
static hr_status make_folders(const char *run_dir, hr_error *err) {
  const char *const names[] = {tables_name, figures_name};
  hr_status status = HR_OK;
  for (size_t i = 0; status == HR_OK && i < sizeof names / sizeof names[0]; i++) {
    char *folder = NULL;
    struct stat info;
    status = hr_join_path(run_dir, names[i], &folder, err);
    if (status == HR_OK && stat(folder, &info) == 0 && !S_ISDIR(info.st_mode)) {
      status = hr_fail(err, HR_ERR_IO,
                       "%s is not a folder, and the report needs one there; move it away",
                       folder);
    }
    if (status == HR_OK) status = hr_make_folders(folder, err);
    hr_free(folder);
  }
  return status;
}

static hr_status write_tables(const hr_tables *tables, const char *run_dir,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  hr_text csv;
  hr_text_init(&csv);
  HR_TRY(hr_join_path(run_dir, tables_name, &folder, err));
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) {
    const hr_table *table = &tables->items[t];
    if (table->row_count == 0) continue;
    hr_text_fini(&csv);
    hr_table_write_csv(table, &csv);
    HR_TRY(write_text((target){folder, table->name, ".csv"}, &csv, observer, err));
  }
cleanup:
  hr_text_fini(&csv);
  hr_free(folder);
  return status;
}

/* Letters that no font has are boxes in the figures. */
static hr_status warn_of_fonts(const hr_figures *figures, const hr_observer *observer,
                               hr_error *err) {
  hr_text list;
  if (!figures->unknown.bytes) return HR_OK;
  hr_text_init(&list);
  hr_figures_list_unknown(figures, &list);
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    hr_observe_warning(observer,
                       "no installed font has the glyphs of %s, which are boxes in the "
                       "figures: install one that has them, such as Debian's "
                       "fonts-noto-core or fonts-noto-cjk, and run %s",
                       list.bytes, HR_DOOR_REPORT);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status write_figures(const hr_figures *figures, const char *run_dir,
                               const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(hr_join_path(run_dir, figures_name, &folder, err));
  for (size_t f = 0; f < figures->count; f++) {
    const hr_figure *figure = &figures->items[f];
    const char *name = figure->name;
    HR_TRY(write_text((target){folder, name, ".csv"}, &figure->csv, NULL, err));
    HR_TRY(write_bytes((target){folder, name, ".svg"}, figure->svg.items,
                       figure->svg.count, NULL, err));
    HR_TRY(write_bytes((target){folder, name, ".pdf"}, figure->pdf.items,
                       figure->pdf.count, NULL, err));
    HR_TRY(write_bytes((target){folder, name, ".png"}, figure->png.items,
                       figure->png.count, NULL, err));
  }
  hr_observe_info(observer, "wrote %zu figures to %s", figures->count, folder);
  HR_TRY(warn_of_fonts(figures, observer, err));
cleanup:
  hr_free(folder);
  return status;
}

static hr_status write_one(const char *run_dir, const hr_observer *observer,
                           hr_error *err);

/* The reports of the targets behind the first. */
static hr_status write_behind(const hr_source *s, const char *run_dir,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < hr_targets_behind(&s->reader) && status == HR_OK; i++) {
    char *dir = NULL;
    status = hr_targets_dir(&s->reader, run_dir, i, &dir, err);
    if (status == HR_OK) status = write_one(dir, observer, err);
    hr_free(dir);
  }
  return status;
}

/* One target's report; of the first target's run directory the others' too. */
static hr_status write_one(const char *run_dir, const hr_observer *observer,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_source s;
  hr_figures figures = {0};
  hr_text markdown, html;
  hr_text_init(&markdown);
  hr_text_init(&html);
  status = hr_source_init(&s, run_dir, err);
  if (status != HR_OK) return status;
  /* Everything is put together before anything is written. */
  HR_TRY(hr_figures_init(&figures, &s.reader, &s.rows, err));
  HR_TRY(hr_markdown_write(&s.reader, &s.tables, &figures, &markdown, err));
  HR_TRY(hr_targets_write_markdown(&s.reader, run_dir, &markdown, err));
  HR_TRY(hr_html_write(markdown.bytes, &figures, hr_tables_in_chinese(&s.reader), &html,
                       err));
  HR_TRY(hr_rows_audit(&s.rows, &s.reader, err));
  HR_TRY(write_behind(&s, run_dir, observer, err));
  HR_TRY(make_folders(run_dir, err));
  HR_TRY(write_tables(&s.tables, run_dir, observer, err));
  HR_TRY(write_figures(&figures, run_dir, observer, err));
  HR_TRY(write_text((target){run_dir, "report", ".md"}, &markdown, observer, err));
  HR_TRY(write_text((target){run_dir, "report", ".html"}, &html, observer, err));
cleanup:
  hr_figures_fini(&figures);
  hr_text_fini(&html);
  hr_text_fini(&markdown);
  hr_source_fini(&s);
  return status;
}

hr_status hr_report_write(const char *run_dir, const hr_observer *observer,
                          hr_error *err) {
  return write_one(run_dir, observer, err);
}

/* The answer to the first question, below the tables, where it is seen. */
static hr_status append_answer(hr_reader *reader, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_text words, line;
  hr_text_init(&words);
  hr_text_init(&line);
  hr_ladder_tell(reader, &words);
  HR_TRY(hr_text_status(&words, err));
  if (!words.bytes) goto cleanup;
  hr_text_append(&line, "%s %s", hr_ladder_question(reader), words.bytes);
  HR_TRY(hr_text_status(&line, err));
  hr_wrap_markdown(line.bytes, 0, out);
  hr_text_append(out, "\n");
cleanup:
  hr_text_fini(&words);
  hr_text_fini(&line);
  return status;
}

/* The tables of one target, and of those behind it. */
static hr_status append_tables(const char *run_dir, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_source s;
  status = hr_source_init(&s, run_dir, err);
  if (status != HR_OK) return status;
  hr_node root = hr_reader_root(&s.reader);
  hr_node experiment = hr_node_object(&s.reader, &root, "experiment");
  if (hr_node_has(&experiment, "targets")) {
    hr_text_append(out, "Target %s\n\n", hr_node_text(&s.reader, &experiment, "target"));
  }
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) {
    hr_table_write_terminal(&s.tables.items[t], out);
  }
  HR_TRY(append_answer(&s.reader, out, err));
  HR_TRY(hr_rows_audit(&s.rows, &s.reader, err));
  for (size_t i = 0; i < hr_targets_behind(&s.reader); i++) {
    char *dir = NULL;
    HR_TRY(hr_targets_dir(&s.reader, run_dir, i, &dir, err));
    status = append_tables(dir, out, err);
    hr_free(dir);
    if (status != HR_OK) goto cleanup;
  }
cleanup:
  hr_source_fini(&s);
  return status;
}

hr_status hr_report_text(const char *run_dir, char **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(append_tables(run_dir, &text, err));
  HR_TRY(hr_text_status(&text, err));
  *out = text.bytes;
  text.bytes = NULL;
cleanup:
  hr_text_fini(&text);
  return status;
}
