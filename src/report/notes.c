/* Sentences by their form: a `*` is whatever stands there, and {1} in the Chinese the
 * first of them. */
#include "report/notes.h"

#include <string.h>

enum { VALUES_MOST = 6 };

typedef struct form {
  const char *english, *chinese;
} form;

/* A piece of the note. */
typedef struct piece {
  const char *start;
  size_t length;
} piece;

static const form forms[] = {
    {"half of the test spectra have * effective templates or fewer; local linear models "
     "predict them",
     "半数测试光谱的有效模板不超过 {1} 个，这些光谱由局部线性模型预测"},
    {"* training rows, at least * are needed: two leaves of min_child_samples *",
     "训练行 {1} 行，至少需要 {2} 行：两个叶节点各 {3} 行（min_child_samples）"},
    {"* training row, at least * are needed: two leaves of min_child_samples *",
     "训练行 {1} 行，至少需要 {2} 行：两个叶节点各 {3} 行（min_child_samples）"},
    {"* covered training rows, at least * are needed",
     "已覆盖的训练行 {1} 行，至少需要 {2} 行"},
    {"* training rows, at least * are needed", "训练行 {1} 行，至少需要 {2} 行"},
    {"* training row, at least * are needed", "训练行 {1} 行，至少需要 {2} 行"},
    {"* templates, at least * are needed", "模板 {1} 个，至少需要 {2} 个"},
    {"* template, at least * are needed", "模板 {1} 个，至少需要 {2} 个"},
    {"* rows to train on and * held out; at least * and * are needed",
     "可训练的行 {1} 行，留出 {2} 行；至少需要 {3} 行与 {4} 行"},
    {"* row to train on and * held out; at least * and * are needed",
     "可训练的行 {1} 行，留出 {2} 行；至少需要 {3} 行与 {4} 行"},
    {"* bins have * training rows or more, at least * are needed",
     "训练行不少于 {2} 的分箱有 {1} 个，至少需要 {3} 个"},
    {"* bin has * training rows or more, at least * are needed",
     "训练行不少于 {2} 的分箱有 {1} 个，至少需要 {3} 个"},
    {"not converged: no better than the mean after * epochs",
     "未收敛：{1} 轮之后仍不优于均值"},
    {"not converged: * still rose in the last of * epochs, give it more",
     "未收敛：验证 R² 在 {2} 轮的最后仍在上升，请给更多轮次"},
    {"no better than the mean within * epochs: started again with lr * and batch "
     "normalisation",
     "{1} 轮之内不优于均值：已改用学习率 {2} 与批归一化重新开始"},
    {"no better than the mean within * epochs: started again with lr *",
     "{1} 轮之内不优于均值：已改用学习率 {2} 重新开始"},
    {"joint: one network for *", "联合训练：{1} 共用一个网络"},
    {"learnt beside: *", "一并学习的标签：{1}"},
    {"a head of the trunk of all bins", "全部分箱共用主干，此为其中一个输出头"},
    {"* of * trees: time_limit * s was over",
     "{2} 棵树中长成 {1} 棵：已到时限 {3} s（time_limit）"},
    {"memory ran out with num_leaves * and min_child_samples *, tried again with * and *",
     "内存不足（num_leaves {1}，min_child_samples {2}），已改用 {3} 与 {4} 重试"},
    {"* of * validation rows have no prediction and are left out (training row *)",
     "{2} 个验证行中有 {1} 行没有预测，已略去（训练行 {3}）"},
    {"without noise there is no posterior; data.noise.level has to be above 0",
     "没有噪声就没有后验；data.noise.level 须大于 0"},
    {"* of * alphas are undefined, their systems are not positive definite in fp64: take "
     "larger ones, or *",
     "{2} 个 alpha 中有 {1} 个无定义，其方程组在双精度下并非正定：请取更大的 alpha，或以 "
     "data.reject_outliers: true 剔除远超其余各行的训练行"},
    {"no system is positive definite in fp64: take larger alphas",
     "没有任何方程组在双精度下正定：请取更大的 alpha"},
    {"no system is positive definite in fp64", "没有任何方程组在双精度下正定"},
    {"trained elsewhere, on rows that are not known here, and not validated",
     "在别处训练，所用的行在此未知，且未经验证"},
    {"trained elsewhere, and validated by its predictions of * of * training rows, out "
     "of "
     "fold by the word of who made them",
     "在别处训练，由其对 {2} 个训练行中 {1} "
     "行的预测验证；这些预测是否折外，以提供者所言为准"},
    {"trained elsewhere, and not validated: * of * training rows have a prediction out "
     "of "
     "fold, at least * are needed",
     "在别处训练，未经验证：{2} 个训练行中 {1} 行有折外预测，至少需要 {3} 行"},
    {"* of * test rows have a pixel whose flux is no number, and no prediction",
     "{2} 个测试行中有 {1} 行含有流量不是数值的像素，没有预测"},
    {"this expert is not part of this build", "本版本未包含该专家"},
    {"this expert was not asked for in this bin", "未要求在该分箱训练该专家"},
};

/* Whether `text` has the form; the values in its places. */
static bool has_form(const char *text, size_t length, const char *english,
                     piece values[VALUES_MOST]) {
  size_t count = 0, at = 0;
  while (*english) {
    size_t literal = strcspn(english, "*");
    if (literal > length - at || memcmp(text + at, english, literal) != 0) return false;
    at += literal;
    english += literal;
    if (*english != '*') continue;
    size_t next = strcspn(++english, "*"), end = length;
    if (*english) {
      const char *found = memmem(text + at, length - at, english, next);
      if (!found) return false;
      end = (size_t)(found - text);
    }
    values[count++] = (piece){text + at, end - at};
    at = end;
  }
  return at == length;
}

static void append_form(const char *chinese, const piece *values, hr_text *out) {
  for (const char *c = chinese; *c; c++) {
    if (*c == '{' && c[1] >= '1' && c[1] <= '0' + VALUES_MOST && c[2] == '}') {
      const piece *value = &values[c[1] - '1'];
      hr_text_append(out, "%.*s", (int)value->length, value->start);
      c += 2;
    } else {
      hr_text_append(out, "%c", *c);
    }
  }
}

/* In Chinese, where the form is known. */
static bool append_known(const char *text, size_t length, hr_text *out) {
  piece values[VALUES_MOST];
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (!has_form(text, length, forms[i].english, values)) continue;
    append_form(forms[i].chinese, values, out);
    return true;
  }
  return false;
}

/* The end of the first sentence: before a "; " from which on the note is not one of the
 * known sentences' own. */
static size_t sentence_length(const char *note) {
  const char *end = note;
  hr_text known;
  for (end = strstr(note, "; "); end; end = strstr(end + 2, "; ")) {
    hr_text_init(&known);
    bool is_known = append_known(note, (size_t)(end - note), &known);
    hr_text_fini(&known);
    if (is_known) return (size_t)(end - note);
  }
  return strlen(note);
}

void hr_notes_append(const char *note, bool chinese, hr_text *out) {
  if (!chinese) {
    hr_text_append(out, "%s", note);
    return;
  }
  while (*note) {
    size_t length = sentence_length(note);
    if (!append_known(note, length, out)) {
      hr_text_append(out, "%.*s", (int)length, note);
    }
    note += length;
    if (*note) {
      hr_text_append(out, "；");
      note += 2;
    }
  }
}
