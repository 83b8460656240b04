/* Training curves of experts that are trained in epochs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"

enum { CURVES_MOST = 12 }; /* drawn; the CSV has all */

/* One training: an expert in a bin. */
typedef struct training {
  hr_node bin, scores, expert, curve; /* nodes point at their parents: in place */
  const char *title, *name;
  size_t index; /* of the bin */
  hr_color color;
} training;

typedef struct trainings {
  hr_node root, bins, experts;
  training *items; /* [count] */
  size_t count, room;
} trainings;

/* Where the curve of an expert in a bin is, if it has one. */
static bool find_curve(hr_reader *reader, const trainings *t, size_t k, size_t e,
                       training *out) {
  out->bin = hr_node_item(reader, &t->bins, k);
  out->scores = hr_node_object(reader, &out->bin, "experts");
  hr_node expert = hr_node_item(reader, &t->experts, e);
  out->title = hr_expert_title(reader, &expert);
  out->name = hr_node_text(reader, &expert, "name");
  out->expert =
      hr_node_object(reader, &out->scores, hr_node_text(reader, &expert, "name"));
  out->index = (size_t)hr_node_number(reader, &out->bin, "index");
  if (!hr_node_has(&out->expert, "curve")) return false;
  out->curve = hr_node_list(reader, &out->expert, "curve");
  return true;
}

static void find_root(hr_reader *reader, trainings *t) {
  t->root = hr_reader_root(reader);
  t->bins = hr_node_list(reader, &t->root, "bins");
  t->experts = hr_node_list(reader, &t->root, "experts");
  t->room = hr_node_count(&t->bins) * hr_node_count(&t->experts);
}

static hr_status find_trainings(hr_reader *reader, trainings *t, hr_error *err) {
  hr_status status = HR_OK;
  find_root(reader, t);
  HR_TRY(hr_alloc(&t->items, t->room + 1, err));
  for (size_t e = 0; e < hr_node_count(&t->experts); e++) {
    for (size_t k = 0; k < hr_node_count(&t->bins); k++) {
      if (find_curve(reader, t, k, e, &t->items[t->count])) t->count++;
    }
  }
cleanup:
  return status;
}

/* The expert's own colour, darker from bin to bin so that they can be told apart. */
static void find_colors(hr_reader *reader, trainings *t) {
  for (size_t i = 0, first = 0; i < t->count; i++) {
    training *one = &t->items[i];
    if (strcmp(one->title, t->items[first].title) != 0) first = i;
    size_t count = 1;
    while (first + count < t->count &&
           strcmp(t->items[first + count].title, one->title) == 0) {
      count++;
    }
    hr_color own = hr_figure_color_of(reader, one->name);
    double share = 0.65 * (double)(i - first) / (double)count;
    one->color = (hr_color){own.red * (1 - share), own.green * (1 - share),
                            own.blue * (1 - share)};
  }
}

bool hr_figure_training_is_empty(hr_reader *reader) {
  trainings t = {.count = 0};
  training one;
  find_root(reader, &t);
  for (size_t i = 0; i < t.room; i++) {
    size_t experts = hr_node_count(&t.experts);
    if (find_curve(reader, &t, i / experts, i % experts, &one)) return false;
  }
  return true;
}

static void write_csv(hr_reader *reader, const trainings *t, hr_text *out) {
  hr_text_append(out, "expert,bin,epoch,train_loss,r2_validation,lr\n");
  for (size_t i = 0; i < t->count; i++) {
    const training *one = &t->items[i];
    for (size_t j = 0; j < hr_node_count(&one->curve); j++) {
      hr_node point = hr_node_item(reader, &one->curve, j);
      hr_csv_text(one->title, out);
      hr_text_append(out, ",%zu,%zu", one->index, j + 1);
      hr_csv_number(hr_node_number(reader, &point, "train_loss"), out);
      hr_csv_number(hr_node_number(reader, &point, "r2_validation"), out);
      hr_csv_number(hr_node_number(reader, &point, "lr"), out);
      hr_text_append(out, "\n");
    }
  }
}

/* [count of the curve's epochs]: the validation R2, or 1 - loss, which is the R2 of the
 * rows trained on, whose targets have variance 1. */
static void read_points(hr_reader *reader, const training *one, bool validation,
                        hr_point *points) {
  for (size_t j = 0; j < hr_node_count(&one->curve); j++) {
    hr_node point = hr_node_item(reader, &one->curve, j);
    double y = validation ? hr_node_number(reader, &point, "r2_validation")
                          : 1 - hr_node_number(reader, &point, "train_loss");
    points[j] = (hr_point){(double)j + 1, y};
  }
}

static size_t most_points(const trainings *t) {
  size_t most = 1;
  for (size_t i = 0; i < t->count; i++) {
    size_t count = hr_node_count(&t->items[i].curve);
    if (count > most) most = count;
  }
  return most;
}

static size_t drawn(const trainings *t) {
  return t->count < CURVES_MOST ? t->count : CURVES_MOST;
}

static void find_spans(hr_reader *reader, const trainings *t, hr_point *points,
                       hr_chart_frame *frame) {
  hr_span y = {0.0, 0.2};
  for (size_t i = 0; i < drawn(t); i++) {
    for (int validation = 0; validation < 2; validation++) {
      read_points(reader, &t->items[i], validation == 1, points);
      for (size_t j = 0; j < hr_node_count(&t->items[i].curve); j++) {
        if (!isnan(points[j].y)) hr_span_include(&y, fmax(points[j].y, hr_figure_floor));
      }
    }
  }
  frame->x.span = hr_span_padded((hr_span){1.0, (double)most_points(t)}, 0.02);
  frame->y.span = hr_span_padded(y, 0.05);
}

static hr_stroke stroke_of(const training *one, bool validation) {
  static const double dashes[] = {5.0, 3.0};
  hr_color color = one->color;
  if (validation) return (hr_stroke){color, 1.5, NULL, 0};
  return (hr_stroke){hr_color_lighten(color, 0.35), 1.1, dashes, 2};
}

/* Two entries a training: validation, and the rows trained on. */
static hr_status list_legend(hr_reader *reader, const trainings *t, hr_strings *texts,
                             hr_legend_entry *legend, hr_error *err) {
  hr_status status = HR_OK;
  char text[128];
  for (size_t i = 0; i < 2 * drawn(t); i++) {
    const training *one = &t->items[i / 2];
    snprintf(text, sizeof text, hr_say(reader, "%.60s, bin %zu%s", "%.60s，分箱 %zu%s"),
             one->title, one->index,
             i % 2 ? hr_say(reader, ", training", "，训练行") : "");
    HR_TRY(hr_strings_append(texts, text, err));
  }
  for (size_t i = 0; i < 2 * drawn(t); i++) {
    legend[i] = (hr_legend_entry){.text = texts->items[i],
                                  .mark = HR_MARK_LINE,
                                  .stroke = stroke_of(&t->items[i / 2], i % 2 == 0)};
  }
cleanup:
  return status;
}

static void draw_curves(const hr_chart *chart, hr_reader *reader, const trainings *t,
                        hr_point *points) {
  for (size_t i = 0; i < 2 * drawn(t); i++) {
    const training *one = &t->items[i / 2];
    bool validation = i % 2 == 0;
    read_points(reader, one, validation, points);
    hr_chart_line(chart, points, hr_node_count(&one->curve), stroke_of(one, validation),
                  0.0);
  }
}

hr_status hr_figure_training(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  trainings t = {.count = 0};
  hr_strings texts = {0};
  hr_legend_entry legend[2 * CURVES_MOST];
  hr_point *points = NULL;
  hr_chart chart;
  HR_TRY(find_trainings(reader, &t, err));
  find_colors(reader, &t);
  HR_TRY(hr_alloc(&points, most_points(&t), err));
  HR_TRY(list_legend(reader, &t, &texts, legend, err));
  write_csv(reader, &t, sketch->csv);
  hr_chart_frame frame = {.title = hr_say(reader, "Training curves", "训练曲线"),
                          .x = {.label = hr_say(reader, "epoch", "训练轮次")},
                          .y = {.label = "R\xc2\xb2"},
                          .legend = legend,
                          .legend_count = 2 * drawn(&t)};
  find_spans(reader, &t, points, &frame);
  hr_chart_begin(&chart, sketch->canvas, &frame);
  hr_chart_grid(&chart);
  hr_canvas_clip(sketch->canvas, chart.plot);
  draw_curves(&chart, reader, &t, points);
  hr_canvas_unclip(sketch->canvas);
  hr_chart_end(&chart);
cleanup:
  hr_strings_fini(&texts);
  hr_free(points);
  hr_free(t.items);
  return status;
}
