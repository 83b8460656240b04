/* One sentence of clauses, each said by the sign of its step: what an interval cannot
 * tell from 0 is never called a gain. */
#include "report/ladder_words.h"

#include <math.h>
#include <string.h>

#include "report/dominant.h"
#include "report/ladder.h"
#include "report/table.h"
#include "report/tables.h"
#include "report/words.h"

/* What all clauses need. */
typedef struct teller {
  hr_reader *reader;
  hr_text *out;
  bool chinese;
  hr_ladder_rows ladder;
} teller;

typedef enum sign { LOSS, CHANCE, GAIN } sign;

/* Without an interval nothing can be told from chance. */
static sign sign_of(const hr_ladder_step *step) {
  if (isnan(step->delta.low) || isnan(step->delta.high)) return CHANCE;
  return step->delta.low > 0 ? GAIN : step->delta.high < 0 ? LOSS : CHANCE;
}

/* What stands for letters in a text. */
typedef struct told {
  const hr_ladder_rung *rung, *other; /* %M and %O: their titles; %R and %S: their R² */
  hr_estimate delta;                  /* %D: with its interval, %V: without */
  double total;                       /* %T */
} told;

static void append_difference(teller *t, hr_cell_kind kind, hr_estimate value) {
  char buffer[HR_CELL_BYTES];
  hr_cell cell = {.value = value.value, .low = value.low, .high = value.high};
  hr_text_append(t->out, "%s", hr_format_cell(kind, &cell, buffer));
}

static void append_score(teller *t, hr_estimate value) {
  char buffer[HR_CELL_BYTES];
  hr_cell cell = {.value = value.value, .low = value.low, .high = value.high};
  hr_text_append(t->out, "%s", hr_format_cell(HR_CELL_SCORE, &cell, buffer));
}

static void append_rung(teller *t, const hr_ladder_rung *rung) {
  hr_text title;
  hr_text_init(&title);
  hr_ladder_append_title(t->reader, rung, &title);
  if (title.bytes) hr_append_markdown(title.bytes, t->out);
  if (title.status != HR_OK) t->out->status = title.status;
  hr_text_fini(&title);
}

static void append(teller *t, const char *english, const char *chinese, told what) {
  for (const char *c = t->chinese ? chinese : english; *c; c++) {
    if (*c != '%') {
      hr_text_append(t->out, "%c", *c);
      continue;
    }
    switch (*++c) {
      case 'M':
        append_rung(t, what.rung);
        break;
      case 'O':
        append_rung(t, what.other);
        break;
      case 'V':
        append_difference(t, HR_CELL_DIFFERENCE, what.delta);
        break;
      case 'R':
        append_score(t, what.rung->r2);
        break;
      case 'S':
        append_score(t, what.other->r2);
        break;
      case 'T':
        append_difference(t, HR_CELL_DIFFERENCE, (hr_estimate){what.total, 0, 0});
        break;
      default:
        append_difference(t, HR_CELL_DIFFERENCE_RANGE, what.delta);
    }
  }
}

/* What is there where a model of all rows is missing. */
static void tell_lone_model(teller *t, const hr_ladder_rung *baseline,
                            const hr_ladder_rung *single) {
  const told what = {.rung = single ? single : baseline};
  if (!what.rung) {
    append(t,
           "There is no model of all rows to hold the hybrid against, so what the "
           "mixture adds is not known",
           "没有可与混合专家相比的全局模型，因此混合专家本身的增益尚不可知", what);
  } else if (single) {
    append(t, "The baseline has no model of all rows; over the best single model (%M), ",
           "基线没有全局模型；与最佳单一模型（%M）相比，", what);
  } else {
    append(t, "Validation chose no best single model; over %M, ",
           "验证未能选出最佳单一模型；与 %M 相比，", what);
  }
}

/* What a better model brings. */
static void tell_better_model(teller *t) {
  const hr_ladder_rung *baseline = hr_ladder_on(&t->ladder, HR_RUNG_BASELINE);
  const hr_ladder_rung *single = hr_ladder_on(&t->ladder, HR_RUNG_SINGLE);
  const hr_ladder_rung *oracle = hr_ladder_on(&t->ladder, HR_RUNG_ORACLE);
  const hr_ladder_step *step =
      hr_ladder_between(&t->ladder, HR_RUNG_BASELINE, HR_RUNG_SINGLE);
  const hr_ladder_step *mixture = hr_ladder_mixture(&t->ladder);
  if (!baseline || !single || !step) {
    tell_lone_model(t, baseline, single);
    return;
  }
  const told what = {baseline, single, step->delta,
                     oracle->r2.value - baseline->r2.value};
  bool adds_up = mixture && mixture->delta.value >= 0;
  if (hr_ladder_is_baseline_best(&t->ladder) && hr_ladder_has_one_single(t->reader)) {
    append(t, "%M is the only model of all rows; ", "%M 是唯一的全局模型；", what);
  } else if (hr_ladder_is_baseline_best(&t->ladder)) {
    append(t, "No single model did better in validation than %M; ",
           "验证中没有任何单一模型优于 %M；", what);
  } else if (sign_of(step) == GAIN && adds_up) {
    append(t, "Of %T over %M, %V is the better model (%O); ",
           "相对 %M 的 %T 中，%V 来自更好的模型（%O）；", what);
  } else if (sign_of(step) == GAIN) {
    append(t, "The better model (%O) gains %D over %M; ",
           "更好的模型（%O）相对 %M 的增益为 %D；", what);
  } else if (sign_of(step) == LOSS) {
    append(t, "The single model that validation chose (%O) is worse than %M: %D; ",
           "验证所选的单一模型（%O）反而不如 %M：%D；", what);
  } else {
    append(t,
           "The best single model (%O) is not better than %M by anything that can be "
           "told from chance: %D; ",
           "最佳单一模型（%O）相对 %M 的差别与偶然无从区分：%D；", what);
  }
}

static void tell_mixture(teller *t, const hr_ladder_step *step) {
  static const char *const english[] = {
      "the mixture loses even with perfect routing: %D",
      "the mixture adds nothing that can be told from chance with perfect routing: %D",
      "the mixture adds %D with perfect routing"};
  static const char *const chinese[] = {"混合专家即使在完美路由下也使 R² 降低：%D",
                                        "混合专家在完美路由下的增益与偶然无从区分：%D",
                                        "混合专家在完美路由下的增益为 %D"};
  sign own = sign_of(step);
  append(t, english[own], chinese[own], (told){.delta = step->delta});
}

static void tell_deployed(teller *t, const hr_ladder_step *step) {
  static const char *const english[] = {
      "; deployed, it loses: %D",
      "; deployed, it adds nothing that can be told from chance: %D", ", %D deployed"};
  static const char *const chinese[] = {"；由门控实际路由时反而使 R² 降低：%D",
                                        "；由门控实际路由时的增益与偶然无从区分：%D",
                                        "，其中由门控实际路由即可得 %D"};
  sign own = sign_of(step);
  append(t, english[own], chinese[own], (told){.delta = step->delta});
}

/* Where nothing may be chosen the model of all rows predicts in every bin. */
static void tell_no_mixture(teller *t, const hr_ladder_rung *baseline) {
  append(t,
         "No model was validated, so none may be chosen for a bin: %M predicts all of "
         "them, and there is no mixture to judge",
         "没有模型经过验证，因此任何分箱都无专家可选：各分箱均由 %M "
         "预测，没有可供评判的混合专家",
         (told){.rung = baseline});
}

/* The mixture with perfect routing, and what a gate keeps of it. */
static void tell_hybrid(teller *t) {
  const hr_ladder_rung *single = hr_ladder_single(&t->ladder);
  const hr_ladder_step *mixture = hr_ladder_mixture(&t->ladder);
  if (!single) return;
  if (mixture) tell_mixture(t, mixture);
  const hr_ladder_step *deployed =
      hr_ladder_between(&t->ladder, single->rung, HR_RUNG_DEPLOYED);
  if (deployed) {
    tell_deployed(t, deployed);
  } else if (mixture && sign_of(mixture) == GAIN) {
    append(t, "; there is no gate, so how much of it is left when deployed is not known",
           "；没有门控，因此实际部署后能保留多少尚不可知", (told){0});
  }
}

/* New stars come from outside the bins, too: what is deployed there is held against the
 * best single model on all rows. */
static void tell_all_rows(teller *t) {
  static const char *const english[] = {
      " the best single model is the better choice: %O has an R² of %S, the deployed "
      "hybrid of %R, %D.",
      " the deployed hybrid and the best single model cannot be told apart: an R² of %R "
      "and, of %O, of %S, %D.",
      " the deployed hybrid is the better choice, with an R² of %R in place of %S (%O), "
      "%D."};
  static const char *const chinese[] = {
      "最佳单一模型反而更好：%O 的 R² 为 %S，由门控路由的混合专家为 %R，差值 %D。",
      "由门控路由的混合专家与最佳单一模型无从区分：R² 分别为 %R 与 %S（%O），差值 %D。",
      "由门控路由的混合专家更好：R² 为 %R，最佳单一模型（%O）为 %S，差值 %D。"};
  hr_ladder_rows all;
  if (!hr_ladder_read_all(t->reader, &all) || !(all.rows > t->ladder.rows)) return;
  const hr_ladder_rung *single = hr_ladder_single(&all);
  if (!single) return;
  const hr_ladder_step *step = hr_ladder_between(&all, single->rung, HR_RUNG_DEPLOYED);
  if (!step || isnan(step->delta.value)) return;
  hr_text_append(t->out,
                 t->chinese ? " 在全部 %.0f 颗测试恒星上（含分箱之外者），"
                            : " On all %.0f test stars, those outside the bins too,",
                 all.rows);
  sign own = sign_of(step);
  append(t, english[own], chinese[own],
         (told){.rung = hr_ladder_on(&all, HR_RUNG_DEPLOYED),
                .other = single,
                .delta = step->delta});
}

static void tell_noise(teller *t) {
  static const char *const english[] = {
      ". The ceiling (%M) is lower, %D",
      ". What the noise allows (%M) cannot be told from the R² with perfect routing: %D.",
      ". What the noise allows (%M) is %D higher."};
  static const char *const chinese[] = {
      "。上限（%M）反而更低：%D",
      "。与噪声所允许的上限（%M）相比，完美路由的 R² 与之无从区分：%D。",
      "。噪声所允许的上限（%M）还高 %D。"};
  const hr_ladder_rung *ceiling = hr_ladder_on(&t->ladder, HR_RUNG_CEILING);
  const hr_ladder_step *step =
      hr_ladder_between(&t->ladder, HR_RUNG_ORACLE, HR_RUNG_CEILING);
  const told none = {0};
  if (!ceiling || !step || isnan(step->delta.value)) {
    append(t, ". What the noise allows is not known.", "。噪声所允许的上限未知。", none);
    return;
  }
  sign own = sign_of(step);
  append(t, english[own], chinese[own], (told){.rung = ceiling, .delta = step->delta});
  if (own != LOSS) return;
  if (strcmp(ceiling->method, "posterior") == 0) {
    append(t, ": a leak, or its templates, prior or errors are not the data's.",
           "：数据有泄漏，或其模板、先验、误差与数据不符。", none);
  } else {
    append(t, "; it is an approximation.", "；它只是近似。", none);
  }
}

static void tell_without_global(teller *t) {
  hr_text list;
  hr_text_init(&list);
  const hr_ladder_step *mixture = hr_ladder_mixture(&t->ladder);
  size_t count = hr_ladder_append_without_global(t->reader, &list);
  if (count > 0 && mixture && sign_of(mixture) == GAIN) {
    hr_text_append(t->out,
                   t->chinese ? "%s 没有全局模型，因此混合专家的增益可能有一部分来自更好"
                                "的模型。"
                   : count == 1
                       ? " Part of what the mixture adds may be a better model: %s has "
                         "no model of all rows."
                       : " Part of what the mixture adds may be a better model: %s have "
                         "no model of all rows.",
                   list.bytes);
  }
  if (list.status != HR_OK) t->out->status = list.status;
  hr_text_fini(&list);
}

/* Where one test row outweighs all others, differences are that row's. */
static void tell_one_row(teller *t) {
  const char *methods[HR_RUNGS];
  for (size_t i = 0; i < t->ladder.rung_count; i++) {
    methods[i] = t->ladder.rungs[i].method;
  }
  hr_dominant_remark(t->reader, methods, t->ladder.rung_count, t->out);
}

const char *hr_ladder_question(hr_reader *reader) {
  return hr_tables_in_chinese(reader) ? "增益来自混合专家吗？" : "Is it the mixture?";
}

void hr_ladder_tell(hr_reader *reader, hr_text *out) {
  size_t start = out->length;
  if (!hr_ladder_is_known(reader)) return;
  teller t = {reader, out, hr_tables_in_chinese(reader), hr_ladder_read(reader)};
  const hr_ladder_rung *oracle = hr_ladder_on(&t.ladder, HR_RUNG_ORACLE);
  if (!oracle || isnan(oracle->r2.value)) return;
  const hr_ladder_rung *baseline = hr_ladder_on(&t.ladder, HR_RUNG_BASELINE);
  if (baseline && hr_nobody_competes(reader)) {
    tell_no_mixture(&t, baseline);
  } else {
    tell_better_model(&t);
    tell_hybrid(&t);
  }
  tell_noise(&t);
  tell_all_rows(&t);
  tell_without_global(&t);
  tell_one_row(&t);
  hr_dominant_training_remark(t.reader, t.out);
  hr_words_close_up(out, start);
}
