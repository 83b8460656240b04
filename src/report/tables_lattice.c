/* The table of scores on nodes of the training labels and off them. */
#include "core/alloc.h"
#include "report/table_parts.h"
#include "report/tables.h"

static hr_status begin(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_TEXT, "labels", "Labels", "标签"},
      {HR_CELL_COUNT, "n", "N", "行数"},
      {HR_CELL_SCORE_RANGE, "r2", "R²", "R²"},
      {HR_CELL_SCORE_RANGE, "mae", "MAE", "MAE"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "lattice",
                       hr_say(reader,
                              "On nodes of the training labels and off them, covered "
                              "rows [95 % interval]",
                              "训练标签的节点上与节点外，已覆盖的行 [95 % 区间]"),
                       err));
  table->key_columns = 2;
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
cleanup:
  return status;
}

/* A method on nodes, or off them: the code in results.json, and what the table shows. */
static hr_status add_kind(hr_table *table, hr_reader *reader, const hr_node *method,
                          bool on_nodes, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  const char *code = on_nodes ? "on_nodes" : "off_nodes";
  const char *shown = on_nodes ? "on nodes" : "off nodes";
  if (hr_tables_in_chinese(reader)) shown = on_nodes ? "节点上" : "节点外";
  hr_node kind = hr_node_object(reader, method, code);
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_method(reader, &cells[0], hr_node_text(reader, method, "method"), err));
  HR_TRY(hr_copy_text(shown, &cells[1].text, err));
  HR_TRY(hr_copy_text(code, &cells[1].code, err));
  cells[2].value = hr_node_number(reader, &kind, "n");
  hr_set_estimate(&cells[3], hr_node_estimate(reader, &kind, "r2", "r2_ci"));
  hr_set_estimate(&cells[4], hr_node_estimate(reader, &kind, "mae", "mae_ci"));
cleanup:
  return status;
}

static hr_status add_note(hr_table *table, hr_reader *reader, const hr_node *lattice,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  HR_TRY(hr_set_text(
      &note, err,
      hr_tables_in_chinese(reader)
          ? "训练行中 %.1f %% 取 %.0f 个 %s 值之一（节点，%g 至 %g）。"
            "学得节点的方法，在节点上误差较小，在节点外可能较大。"
          : "%.1f %% of the training rows have one of %.0f values of %s "
            "(nodes, %g to %g). "
            "Who learns the nodes errs less on them, and may err more off them.",
      100 * hr_node_number(reader, lattice, "train_share"),
      hr_node_number(reader, lattice, "nodes"),
      hr_node_text(reader, &experiment, "target"),
      hr_node_number(reader, lattice, "lowest"),
      hr_node_number(reader, lattice, "highest")));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  return status;
}

hr_status hr_build_lattice(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  HR_TRY(begin(table, reader, err));
  if (!json_is_object(json_object_get(root.json, "lattice"))) goto cleanup;
  hr_node lattice = hr_node_object(reader, &root, "lattice");
  hr_node methods = hr_node_list(reader, &lattice, "methods");
  for (size_t m = 0; m < hr_node_count(&methods); m++) {
    hr_node method = hr_node_item(reader, &methods, m);
    HR_TRY(add_kind(table, reader, &method, true, err));
    HR_TRY(add_kind(table, reader, &method, false, err));
  }
  if (table->row_count > 0) HR_TRY(add_note(table, reader, &lattice, err));
cleanup:
  return status;
}
