/* Which figures there are, and what stands below each. */
#include "report/figures.h"

#include <string.h>

#include "core/parallel.h"
#include "report/figure_parts.h"
#include "report/tables.h"

/* A figure, how it is drawn, and what stands below it in the report. */
typedef struct plan {
  const char *name;
  hr_status (*draw)(hr_sketch *sketch, hr_error *err);
  bool (*is_empty)(hr_reader *reader); /* then it is left out; NULL: it never is */
  bool (*lacks_rows)(hr_reader *reader, const hr_rows *rows); /* the same; or NULL */
  double (*height)(hr_reader *reader); /* of the page, pt; NULL: the usual one */
  const char *english, *chinese;
} plan;

/* Whether no method has an R² in any octile. */
static bool lacks_octile_scores(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  if (hr_node_is_null(&root, "snr_octiles")) return true;
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  hr_node octiles = hr_node_list(reader, &object, "octiles");
  for (size_t j = 0; j < hr_node_count(&octiles); j++) {
    hr_node octile = hr_node_item(reader, &octiles, j);
    hr_node scores = hr_node_object(reader, &octile, "r2");
    for (void *i = json_object_iter(scores.json); i;
         i = json_object_iter_next(scores.json, i)) {
      if (!json_is_null(json_object_iter_value(i))) return false;
    }
  }
  return true;
}

static const plan plans[] = {
    {"ceiling_perbin_expert_comparison", hr_figure_bins, hr_grid_is_empty, NULL,
     hr_figure_bins_height,
     "Figure 1. R² of every expert on the test rows of every bin, with 95 % intervals. "
     "The expert that the hybrid takes is outlined and in full colour; × marks a bin "
     "without a model or without an R².",
     "图 1. 各分箱测试行上每种专家的 R² 及其 95 % "
     "区间。混合专家在该箱所选的专家以全色描边显示；"
     "× 表示该分箱没有模型，或 R² 无定义。"},
    {"ceiling_expert_selection_heatmap", hr_figure_choice, hr_grid_is_empty, NULL,
     hr_figure_choice_height,
     "Figure 2. R² by bin and expert; a star marks each bin's choice. "
     "All below −0.3 share the darkest colour.",
     "图 2. 按分箱与专家列出的 R²；星号为各分箱所选的专家。"
     "低于 −0.3 的值共用最深的颜色。"},
    {"ceiling_oracle_hybrid_vs_baseline", hr_figure_ladder, hr_figure_ladder_is_empty,
     NULL, hr_figure_ladder_height,
     "Figure 3. The ladder: pooled R² on the covered test rows, from the baseline up to "
     "what the noise allows, with 95 % intervals. In full colour, and above the bar: the "
     "step from the rung below, and what makes it. Dashed frames, where there are any, "
     "are "
     "values from outside that were not measured here.",
     "图 3. 阶梯：已覆盖测试行上的合并 R²，自基线至噪声所允许的上限，附 95 % 区间。"
     "深色部分及其上方文字为较下一级的增益及其来源。"
     "虚框（如有）为来自外部的参考值，并非此处测得。"},
    {"ceiling_perbin_delta_r2", hr_figure_gain, hr_figure_gain_is_empty, NULL,
     hr_figure_bins_height,
     "Figure 4. ΔR² of the hybrid over the baseline, bins sorted by difficulty, with 95 "
     "% intervals. A bar that goes on beyond the frame ends in an arrow; its number says "
     "how far.",
     "图 4. 混合专家相对基线的 ΔR² 及其 95 % 区间，分箱按难度排序。"
     "超出图框的条形以箭头结束，其数值注明大小。"},
    {"ceiling_hybrid_pred_vs_true", hr_figure_scatter, NULL, hr_figure_scatter_is_empty,
     NULL,
     "Figure 5. True and predicted values of the covered test stars; lighter dots lie in "
     "more crowded places.",
     "图 5. 已覆盖测试恒星的真实值与预测值；颜色越浅，该处的点越密集。"},
    {"r2_by_snr", hr_figure_snr, lacks_octile_scores, NULL, NULL,
     "Figure 6. R² by octile of the signal-to-noise ratio for every method, named at the "
     "end of its curve; in black, where they are known, the ceilings with the bin known, "
     "with 95 % intervals in grey.",
     "图 6. 各方法的 R² "
     "随信噪比八分位的变化，方法名标于曲线末端；黑线为已知分箱时的上限（若可得），灰带为"
     "前者的 "
     "95 % 区间。"},
    {"training_curves", hr_figure_training, hr_figure_training_is_empty, NULL, NULL,
     "Figure 7. R² after each epoch of training, on the rows held out (solid) and on "
     "those "
     "trained on (dashed).",
     "图 7. 每轮训练后的 R²：实线为留出的行，虚线为训练所用的行。"},
    {"calibration_intervals", hr_figure_coverage, hr_figure_coverage_is_empty, NULL, NULL,
     "Figure 8. How often the truth is within the 68 % and the 95 % interval of the "
     "headline's predictions, by octile of the signal-to-noise ratio, with 95 % "
     "intervals. Dashed: what is expected.",
     "图 8. 真值落在主要预测的 68 % 与 95 % 区间之内的比例，按信噪比八分位，附 95 % "
     "区间；"
     "虚线为期望值。"},
    {"calibration_posterior", hr_figure_own_sigma, hr_figure_own_sigma_is_empty, NULL,
     NULL,
     "Figure 9. The same of the posterior's own σ: how often the truth is within one and "
     "two of them.",
     "图 9. 后验自身的 σ：真值落在一倍与两倍 σ 之内的比例。"},
    {"calibration_ranks", hr_figure_ranks, hr_figure_ranks_is_empty, NULL, NULL,
     "Figure 10. Simulation-based calibration: the rank of the truth among draws from "
     "the posterior, uniform where the posterior is right. Grey: where 95 % of the "
     "counts "
     "would be.",
     "图 10. 基于模拟的校准：真值在后验抽样中的秩，后验正确时应均匀；灰带为 95 % 的计数"
     "所在。"},
    {"gates", hr_figure_gates, hr_figure_gates_is_empty, NULL, hr_figure_gates_height,
     "Figure 11. Above: of the covered test rows of each true bin, how many have their "
     "largest weight in which bin, in percent, for the deployed gate. Below: the mean "
     "entropy of every gate's weights by octile of the signal-to-noise ratio; 0 where a "
     "gate is sure of one bin.",
     "图 11. 上：所部署的门控将各真实分箱的已覆盖测试行判给（权重最大）各分箱的百分比。"
     "下：各门控权重的平均熵随信噪比八分位的变化；门控确信某一分箱时为 0。"},
    {"residuals", hr_figure_residuals, hr_figure_residuals_is_empty, NULL,
     hr_figure_residuals_height,
     "Figure 12. Residuals of the headline's predictions against the labels of the bins "
     "and the signal-to-noise ratio, covered test stars in groups of as many: median "
     "(line) and 16 to 84 % (band), with the number of stars. A line that leaves 0 is a "
     "bias that the R² does not show.",
     "图 12. 主要预测的残差随分箱标签与信噪比的变化，已覆盖的测试恒星按数目等分成组："
     "线为中位数，带为 16 % 至 84 % 分位，并标出各组恒星数。线偏离 0 即为 R² 未能显示的"
     "偏差。"},
};

/* The character at *at, which is moved behind it; its UTF-8 as text. */
static uint32_t take_character(const char **at, char letter[8]) {
  const unsigned char *bytes = (const unsigned char *)*at;
  size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
  uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; i++) code = code << 6 | (bytes[i] & 0x3FU);
  memcpy(letter, *at, length);
  letter[length] = '\0';
  *at += length;
  return code;
}

/* What a canvas could not draw, each character once over all figures. */
static void keep_unknown(hr_figures *figures, const char *unknown) {
  char letter[8];
  while (*unknown) {
    take_character(&unknown, letter);
    const char *kept = figures->unknown.bytes;
    if (!kept || !strstr(kept, letter)) hr_text_append(&figures->unknown, "%s", letter);
  }
}

void hr_figures_list_unknown(const hr_figures *figures, hr_text *out) {
  char letter[8];
  const char *first = figures->unknown.bytes;
  for (const char *at = first; at && *at;) {
    hr_text_append(out, "%s", at == first ? "" : ", ");
    uint32_t code = take_character(&at, letter);
    hr_text_append(out, "%s (U+%04X)", letter, code);
  }
}

/* As the study has it; results of earlier versions do not say. */
static bool lacks_titles(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  if (!hr_node_has(&experiment, "figure_titles")) return false;
  return !hr_node_bool(reader, &experiment, "figure_titles");
}

enum { FORMATS = 3 };

/* A figure's picture, until its files are made. */
typedef struct picture {
  hr_figure *figure;
  hr_canvas *canvas;
  hr_error errors[FORMATS];
} picture;

static hr_status draw_figure(picture *p, const plan *drawn, hr_reader *reader,
                             const hr_rows *rows, hr_error *err) {
  hr_status status = HR_OK;
  hr_figure *figure = p->figure;
  figure->height = drawn->height ? drawn->height(reader) : HR_CANVAS_HEIGHT;
  HR_TRY(hr_canvas_create_high(figure->height, &p->canvas, err));
  if (lacks_titles(reader)) hr_canvas_drop_titles(p->canvas);
  hr_sketch sketch = {reader, rows, p->canvas, &figure->csv};
  figure->name = drawn->name;
  figure->caption = hr_tables_in_chinese(reader) ? drawn->chinese : drawn->english;
  HR_TRY(drawn->draw(&sketch, err));
  HR_TRY(hr_reader_status(reader, err));
  HR_TRY(hr_text_status(&figure->csv, err));
cleanup:
  return status;
}

/* One file of one picture; all of them take twice as long as drawing. */
static void make_file(void *context, size_t i, size_t thread) {
  (void)thread;
  picture *p = (picture *)context + i / FORMATS;
  hr_figure *figure = p->figure;
  hr_error *error = &p->errors[i % FORMATS];
  if (i % FORMATS == 0) {
    error->status = hr_canvas_write_png(p->canvas, &figure->png, error);
  } else if (i % FORMATS == 1) {
    error->status = hr_canvas_write_svg(p->canvas, &figure->svg, error);
  } else {
    error->status = hr_canvas_write_pdf(p->canvas, &figure->pdf, error);
  }
}

/* Whether all of its files are there. */
static hr_status conclude(const picture *p, hr_figures *figures, hr_error *err) {
  for (size_t k = 0; k < FORMATS; k++) {
    if (p->errors[k].status == HR_OK) continue;
    if (err) *err = p->errors[k];
    return p->errors[k].status;
  }
  keep_unknown(figures, hr_canvas_unknown(p->canvas));
  return hr_text_status(&figures->unknown, err);
}

hr_status hr_figures_init(hr_figures *figures, hr_reader *reader, const hr_rows *rows,
                          hr_error *err) {
  hr_status status = HR_OK;
  picture pictures[HR_FIGURES_MOST] = {0};
  *figures = (hr_figures){0};
  hr_text_init(&figures->unknown);
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    if (plans[i].is_empty && plans[i].is_empty(reader)) continue;
    if (plans[i].lacks_rows && plans[i].lacks_rows(reader, rows)) continue;
    picture *p = &pictures[figures->count];
    p->figure = &figures->items[figures->count++];
    HR_TRY(draw_figure(p, &plans[i], reader, rows, err));
  }
  hr_parallel_for(FORMATS * figures->count, make_file, pictures);
  for (size_t f = 0; f < figures->count; f++) {
    HR_TRY(conclude(&pictures[f], figures, err));
  }
cleanup:
  for (size_t f = 0; f < HR_FIGURES_MOST; f++) hr_canvas_destroy(&pictures[f].canvas);
  if (status != HR_OK) hr_figures_fini(figures);
  return status;
}

void hr_figures_fini(hr_figures *figures) {
  for (size_t i = 0; i < figures->count; i++) {
    hr_bytes_fini(&figures->items[i].png);
    hr_bytes_fini(&figures->items[i].svg);
    hr_bytes_fini(&figures->items[i].pdf);
    hr_text_fini(&figures->items[i].csv);
  }
  hr_text_fini(&figures->unknown);
  *figures = (hr_figures){0};
}
