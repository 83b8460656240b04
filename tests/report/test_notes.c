/* Notes on fits in Chinese. */
#include "report/notes.h"

#include "support/check.h"

static void check_note(const char *note, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_notes_append(note, true, &text);
  assert_string_equal(text.bytes ? text.bytes : "", expected);
  hr_text_fini(&text);
}

static void in_english_a_note_is_as_it_is(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_notes_append("12 training rows, at least 30 are needed", false, &text);
  assert_string_equal(text.bytes, "12 training rows, at least 30 are needed");
  hr_text_fini(&text);
}

static void known_sentences_are_chinese(void **state) {
  (void)state;
  check_note("", "");
  check_note("12 training rows, at least 30 are needed", "训练行 12 行，至少需要 30 行");
  check_note("1 training row, at least 30 are needed", "训练行 1 行，至少需要 30 行");
  check_note(
      "40 training rows, at least 100 are needed: two leaves of min_child_samples 50",
      "训练行 40 行，至少需要 100 行：两个叶节点各 50 行（min_child_samples）");
  check_note(
      "half of the test spectra have 9.7 effective templates or fewer; local linear "
      "models predict them",
      "半数测试光谱的有效模板不超过 9.7 个，这些光谱由局部线性模型预测");
  check_note("7 of 9 trees: time_limit 3 s was over",
             "9 棵树中长成 7 棵：已到时限 3 s（time_limit）");
}

static void several_sentences_are_told_apart(void **state) {
  (void)state;
  check_note(
      "no better than the mean within 10 epochs: started again with lr 0.0001 and "
      "batch normalisation; not converged: no better than the mean after 16 epochs",
      "10 轮之内不优于均值：已改用学习率 0.0001 与批归一化重新开始；未收敛：16 轮之后"
      "仍不优于均值");
  check_note(
      "no better than the mean within 20 epochs: started again with lr 3e-05; a "
      "head of the trunk of all bins; learnt beside: T_eff",
      "20 轮之内不优于均值：已改用学习率 3e-05 重新开始；全部分箱共用主干，"
      "此为其中一个输出头；一并学习的标签：T_eff");
  check_note("3 rows to train on and 2 held out; at least 32 and 8 are needed",
             "可训练的行 3 行，留出 2 行；至少需要 32 行与 8 行");
}

static void unknown_sentences_stay(void **state) {
  (void)state;
  check_note("something else", "something else");
  check_note("something else; joint: one network for log_g, T_eff",
             "something else; joint: one network for log_g, T_eff");
  check_note("12 training rows", "12 training rows");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_english_a_note_is_as_it_is),
      cmocka_unit_test(known_sentences_are_chinese),
      cmocka_unit_test(several_sentences_are_told_apart),
      cmocka_unit_test(unknown_sentences_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
