/* The gates: how well each tells the bins and what it keeps of the gain, and every way of
 * mixing with it. */
#include <string.h>

#include "core/alloc.h"
#include "report/gates.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

static hr_status set_mixing(hr_reader *reader, hr_cell *cell, const char *mixing,
                            hr_error *err) {
  hr_status status = HR_OK;
  const char *words = hr_words_mixing(mixing, hr_tables_in_chinese(reader));
  HR_TRY(hr_set_text(&cell->text, err, "%s", words ? words : mixing));
  HR_TRY(hr_set_text(&cell->code, err, "%s", mixing));
cleanup:
  return status;
}

static hr_status set_gate(hr_reader *reader, hr_cell *cell, const hr_gate_told *gate,
                          hr_error *err) {
  hr_status status = HR_OK;
  const char *words = hr_words_gate(gate->name, hr_tables_in_chinese(reader));
  HR_TRY(hr_set_text(&cell->text, err, "%s", words ? words : gate->title));
  HR_TRY(hr_set_text(&cell->code, err, "%s", gate->name));
cleanup:
  return status;
}

static hr_status add_gate(hr_table *table, hr_reader *reader, const hr_gate_told *gate,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(set_gate(reader, &cells[0], gate, err));
  HR_TRY(hr_set_mark(reader, &cells[1], gate->uses_error, err));
  hr_set_estimate(&cells[2], gate->accuracy);
  cells[3].value = gate->log_loss;
  cells[4].value = gate->ece;
  cells[5].value = gate->temperature;
  HR_TRY(set_mixing(reader, &cells[6], gate->mixing, err));
  if (gate->own == gate->forecast_count) goto cleanup;
  hr_set_estimate(&cells[7], gate->forecasts[gate->own].r2);
  hr_set_estimate(&cells[8], gate->forecasts[gate->own].rho);
cleanup:
  return status;
}

/* Why rho may be undefined, what holds of these results included. */
static hr_status add_rho_note(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_node root = hr_reader_root(reader);
  bool has_ladder = hr_node_has(&root, "ladder");
  hr_node ladder = has_ladder ? hr_node_object(reader, &root, "ladder") : root;
  bool is_elsewhere = hr_node_has(&ladder, "from_elsewhere");
  HR_TRY(hr_set_text(
      &note, err,
      hr_say(reader,
             "R² and ρ: the hybrid's models, mixed as the gate mixes. ρ is the share of "
             "what perfect routing gains over the baseline's model of all rows that is "
             "left, a better model's part included (the ladder has the mixture's own); "
             "undefined (-) where that gain is too small%s. The first gate is the one "
             "deployed.",
             "R² 与 ρ：混合专家的模型按该门控自己的方式混合。ρ 为完美路由相对基线全局模型"
             "的增益中保留下来的比例，其中也含更好模型的部分（混合本身的增益见阶梯）；"
             "该增益过小时无定义（-）%s。第一个门控为实际部署者。"),
      !is_elsewhere
          ? ""
          : hr_say(reader,
                   ", and where perfect routing takes a model from elsewhere, as here, "
                   "which no gate routes to",
                   "；完美路由用到在别处训练的模型时亦然（此处即是），门控不路由到它")));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  return status;
}

static hr_status add_notes(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_strings_append(
      &table->notes,
      hr_say(reader,
             "Accuracy: the largest weight is the true bin's; log-loss in nats; ECE: "
             "expected calibration error; weights were taken at the temperature, which "
             "was fitted on rows held out.",
             "准确率：权重最大者为真实分箱的比例；对数损失以 nat 计；ECE：期望校准误差；"
             "权重在该温度下取得，温度由留出的行拟合。"),
      err));
  HR_TRY(add_rho_note(table, reader, err));
  HR_TRY(hr_strings_append(
      &table->notes,
      hr_say(reader,
             "A row outside the bins is mixed like any other, by weights of the bins, "
             "and of the model of all rows where the gate has one or falls back on it.",
             "分箱之外的行同样按各箱权重混合；门控为全局模型留有权重或回退至它时，"
             "也含全局模型。"),
      err));
cleanup:
  return status;
}

hr_status hr_build_gates(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "gate", "Gate", "门控"},
      {HR_CELL_MARK, "uses_error", "Told the error", "使用误差"},
      {HR_CELL_SCORE_RANGE, "accuracy", "Accuracy", "准确率"},
      {HR_CELL_SCORE, "log_loss", "Log-loss", "对数损失"},
      {HR_CELL_SCORE, "ece", "ECE", "ECE"},
      {HR_CELL_RATIO, "temperature", "Temperature", "温度"},
      {HR_CELL_TEXT, "mixing", "Mixing", "混合方式"},
      {HR_CELL_SCORE_RANGE, "r2", "R²", "R²"},
      {HR_CELL_SCORE_RANGE, "rho", "ρ", "ρ"},
  };
  hr_status status = HR_OK;
  char *title = NULL;
  size_t count = hr_gates_count(reader);
  if (count == 0) return hr_table_init(table, "gates", "", err);
  hr_gate_told first = hr_gates_read(reader, 0);
  HR_TRY(hr_set_text(&title, err,
                     hr_tables_in_chinese(reader)
                         ? "不知真值的路由：各门控，已覆盖的 %.0f 行 [95 %% 区间]"
                         : "Routing without the truth: the gates, %.0f covered rows "
                           "[95 %% interval]",
                     first.rows));
  HR_TRY(hr_table_init(table, "gates", title, err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  for (size_t g = 0; g < count; g++) {
    hr_gate_told gate = hr_gates_read(reader, g);
    HR_TRY(hr_reader_status(reader, err));
    HR_TRY(add_gate(table, reader, &gate, err));
  }
  HR_TRY(add_notes(table, reader, err));
cleanup:
  hr_free(title);
  return status;
}

/* Every way of mixing -----------------------------------------------------------------
 */

/* Whose models: the hybrid's choice, or one expert in all bins. */
static hr_status set_models(hr_reader *reader, hr_cell *cell, const char *models,
                            hr_error *err) {
  if (strcmp(models, "hybrid") != 0) return hr_set_method(reader, cell, models, err);
  hr_status status = HR_OK;
  HR_TRY(hr_set_text(&cell->text, err, "%s",
                     hr_tables_in_chinese(reader) ? "混合专家" : "the hybrid's"));
  HR_TRY(hr_set_text(&cell->code, err, "%s", models));
cleanup:
  return status;
}

static hr_status add_mixings(hr_table *table, hr_reader *reader, const hr_gate_told *gate,
                             hr_error *err) {
  hr_status status = HR_OK;
  for (size_t f = 0; f < gate->forecast_count; f++) {
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(set_gate(reader, &cells[0], gate, err));
    HR_TRY(set_models(reader, &cells[1], gate->forecasts[f].models, err));
    HR_TRY(set_mixing(reader, &cells[2], gate->forecasts[f].mixing, err));
    hr_set_estimate(&cells[3], gate->forecasts[f].r2);
    hr_set_estimate(&cells[4], gate->forecasts[f].rho);
  }
cleanup:
  return status;
}

hr_status hr_build_gates_mixing(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "gate", "Gate", "门控"},
      {HR_CELL_TEXT, "models", "Models", "模型"},
      {HR_CELL_TEXT, "mixing", "Mixing", "混合方式"},
      {HR_CELL_SCORE_RANGE, "r2", "R²", "R²"},
      {HR_CELL_SCORE_RANGE, "rho", "ρ", "ρ"},
  };
  hr_status status = HR_OK;
  size_t count = hr_gates_count(reader);
  if (count == 0) return hr_table_init(table, "gates_mixing", "", err);
  HR_TRY(hr_table_init(table, "gates_mixing",
                       hr_tables_in_chinese(reader)
                           ? "各门控的每种混合方式 [95 % 区间]"
                           : "Every way of mixing with each gate [95 % interval]",
                       err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  for (size_t g = 0; g < count; g++) {
    hr_gate_told gate = hr_gates_read(reader, g);
    HR_TRY(hr_reader_status(reader, err));
    HR_TRY(add_mixings(table, reader, &gate, err));
  }
cleanup:
  return status;
}
