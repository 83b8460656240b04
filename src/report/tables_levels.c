/* The table of validations at other levels of the noise. */
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "report/table_parts.h"
#include "report/tables.h"

static hr_status begin(hr_table *table, hr_reader *reader, const hr_node *levels,
                       hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_TEXT, "bin", "Bin", "分箱"},
                                     {HR_CELL_TEXT, "name", "Name", "名称"}};
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "noise_levels",
                       hr_say(reader, "R² in validation at other levels of the noise",
                              "其他噪声水平下的验证 R²"),
                       err));
  HR_TRY(hr_add_headings(table, reader, first, 2, err));
  if (!levels->json) goto cleanup;
  hr_node values = hr_node_list(reader, levels, "levels");
  for (size_t l = 0; l < hr_node_count(&values); l++) {
    char key[64], header[64];
    double level = json_number_value(json_array_get(values.json, l));
    snprintf(key, sizeof key, "r2_cv_level_%g", level);
    snprintf(header, sizeof header, hr_tables_in_chinese(reader) ? "水平 %g" : "Level %g",
             level);
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE, key, header, err));
  }
  table->key_columns = 2;
cleanup:
  return status;
}

/* The bin's number and name; both tell "all" for the global model. */
static hr_status set_bin(hr_reader *reader, const hr_node *model, hr_cell *cells,
                         hr_error *err) {
  hr_status status = HR_OK;
  if (hr_node_is_null(model, "bin")) {
    HR_TRY(hr_copy_text(hr_say(reader, "all", "全部"), &cells[0].text, err));
    HR_TRY(hr_copy_text("all", &cells[0].code, err));
    HR_TRY(hr_copy_text(hr_say(reader, "one model for all rows", "单一全局模型"),
                        &cells[1].text, err));
    return status;
  }
  double index = hr_node_number(reader, model, "bin");
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  HR_TRY(hr_set_text(&cells[0].text, err, "%.0f", index));
  if (!(index >= 0 && index < (double)hr_node_count(&bins))) goto cleanup;
  hr_node bin = hr_node_item(reader, &bins, (size_t)index);
  HR_TRY(hr_copy_text(hr_node_text(reader, &bin, "name"), &cells[1].text, err));
cleanup:
  return status;
}

static hr_status add_model(hr_table *table, hr_reader *reader, const hr_node *model,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(set_bin(reader, model, cells, err));
  hr_node scores = hr_node_list(reader, model, "r2_cv");
  for (size_t l = 0; l + 2 < table->column_count && l < hr_node_count(&scores); l++) {
    const json_t *score = json_array_get(scores.json, l);
    cells[2 + l].value = json_is_number(score) ? json_number_value(score) : (double)NAN;
  }
cleanup:
  return status;
}

static hr_status add_note(hr_table *table, hr_reader *reader, const hr_node *levels,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_text title;
  hr_text_init(&title);
  hr_append_method_markdown(reader, hr_node_text(reader, levels, "expert"), &title);
  HR_TRY(hr_text_status(&title, err));
  HR_TRY(hr_set_text(&note, err,
                     hr_tables_in_chinese(reader)
                         ? "%s：在训练行上的交叉验证 R² 期望值，误差乘以所示倍数，"
                           "由同一遍数据得出；未动用测试行。"
                         : "What cross-validation of %s on the training rows would give "
                           "on average if every error were that many times as large, "
                           "from the same pass over the data; no test row was used.",
                     title.bytes));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_text_fini(&title);
  hr_free(note);
  return status;
}

hr_status hr_build_levels(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader), levels = {0};
  if (json_is_object(json_object_get(root.json, "noise_levels"))) {
    levels = hr_node_object(reader, &root, "noise_levels");
  }
  HR_TRY(begin(table, reader, &levels, err));
  if (!levels.json) goto cleanup;
  hr_node models = hr_node_list(reader, &levels, "models");
  for (size_t m = 0; m < hr_node_count(&models); m++) {
    hr_node model = hr_node_item(reader, &models, m);
    HR_TRY(add_model(table, reader, &model, err));
  }
  HR_TRY(add_note(table, reader, &levels, err));
cleanup:
  return status;
}
