/* Fixed sentences by their keys, in both languages. */
#include "report/words.h"

#include <stddef.h>
#include <string.h>

#include "data/doubts.h"

typedef struct words {
  const char *key, *english, *chinese;
} words;

static const char *look_up(const words *list, size_t count, const char *key,
                           bool chinese) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(list[i].key, key) == 0) return chinese ? list[i].chinese : list[i].english;
  }
  return NULL;
}

const char *hr_words_remark(const char *remark, bool chinese) {
  static const words list[] = {
      {"chosen_on_test",
       "Chosen on the very test rows it is scored on: optimistic, for comparison only.",
       "在其评分所用的同一批测试行上做选择：数值偏乐观，仅供比较。"},
      {"one_expert",
       "Only one kind of expert is available, so the hybrid is that expert's oracle by "
       "construction.",
       "只有一种专家可用，因此混合专家按定义就等于按完美路由的该专家。"},
      {"falls_back",
       "In bins where no expert has a model, the global model predicts (for every method "
       "alike).",
       "在没有任何专家模型的分箱中，由全局模型给出预测（对所有方法一视同仁）。"},
      {"incomplete",
       "Not every one of these rows has a prediction, so there is no score.",
       "这些行中并非每一行都有预测，因此不给出分数。"},
  };
  return look_up(list, sizeof list / sizeof *list, remark, chinese);
}

const char *hr_words_next(const char *criterion, const char *verdict, bool chinese) {
  static const words pass[] = {
      {"oracle_r2", "the hybrid's R² is high enough", "混合专家的 R² 足够高"},
      {"delta_r2", "the hybrid works", "混合专家有效"},
      {"insufficient", "not insufficient", "并非不足"},
      {"focus_bins", "the focus bins improve", "重点分箱有改善"},
      {"mixture_delta_r2", "the mixture beats every single model",
       "混合胜过每个单一模型"},
      {"rho", "the gate keeps the gain", "门控保住了增益"},
  };
  static const words fail[] = {
      {"oracle_r2", "the hybrid's R² is too low", "混合专家的 R² 过低"},
      {"delta_r2", "no gain worth a hybrid", "增益不足以采用混合专家"},
      {"insufficient", "insufficient", "不足"},
      {"focus_bins", "not every focus bin improves", "并非每个重点分箱都有改善"},
      {"mixture_delta_r2", "no gain worth a mixture", "增益不足以采用混合"},
      {"rho", "the gate loses too much of the gain", "门控损失了过多增益"},
  };
  if (strcmp(verdict, "undefined") == 0) {
    return chinese ? "没有可判定的分数" : "there is no score to judge";
  }
  if (strcmp(verdict, "undecided") == 0) {
    return chinese ? "需要更多测试行才能判定" : "needs more test rows to decide";
  }
  if (strcmp(verdict, "one_row") == 0) {
    return chinese ? "由单独一行测试光谱决定，请先查看该行"
                   : "one test row decides: look at it first";
  }
  if (strcmp(verdict, "wild_training_rows") == 0) {
    return chinese ? "远超其余各行的训练行可能损害了对照的模型，请先查看或剔除"
                   : "training rows far beyond all others may have made the gain: look "
                     "at them or leave them out first";
  }
  const words *list = strcmp(verdict, "pass") == 0 ? pass : fail;
  return look_up(list, sizeof pass / sizeof *pass, criterion, chinese);
}

const char *hr_words_why(const char *why, bool chinese) {
  static const words list[] = {
      {"no_single", "there is no single model of all rows to compare with",
       "没有可供比较的单一全局模型"},
      {"no_gate", "no gate routes the hybrid", "没有门控为混合专家路由"},
      {"no_baseline", "the baseline has no model of all rows to count from",
       "基线没有可作起点的全局模型"},
      {"no_gain",
       "undefined: perfect routing gains too little over the baseline for a share of it",
       "未定义：完美路由相对基线的增益过小，无从谈其比例"},
      {"from_elsewhere",
       "undefined: perfect routing takes a model from elsewhere, which no gate routes to",
       "未定义：完美路由用到了在别处训练的模型，而门控不路由到它"},
  };
  return look_up(list, sizeof list / sizeof *list, why, chinese);
}

const char *hr_words_verdict(const char *verdict, bool chinese) {
  static const words list[] = {
      {"pass", "pass", "通过"},
      {"fail", "fail", "未通过"},
      {"undecided", "undecided", "未定"},
  };
  return look_up(list, sizeof list / sizeof *list, verdict, chinese);
}

const char *hr_words_status(const char *status, bool chinese) {
  static const words list[] = {
      {"ok", "ok", "正常"},
      {"skipped", "skipped", "已跳过"},
      {"failed", "failed", "失败"},
      {"unavailable", "unavailable", "不可用"},
  };
  return look_up(list, sizeof list / sizeof *list, status, chinese);
}

const char *hr_words_rows(const char *rows, bool chinese) {
  static const words list[] = {
      {"covered", "covered", "已覆盖"},
      {"all", "all", "全部"},
  };
  return look_up(list, sizeof list / sizeof *list, rows, chinese);
}

const char *hr_words_caution(const char *caution, bool chinese) {
  static const words list[] = {
      {"baseline_undertuned", "; but the baseline may be undertuned",
       "；但基线可能未调到最佳"},
      {"wild_training_rows",
       "; but training rows far beyond all others may have spoilt the baseline",
       "；但远超其余各行的训练行可能损害了基线"},
      {"one_row", "; but one test row makes most of the error",
       "；但误差大半来自单独一行测试光谱"},
  };
  return look_up(list, sizeof list / sizeof *list, caution, chinese);
}

const char *hr_words_criterion(const char *criterion, bool chinese) {
  static const words list[] = {
      {"oracle_r2", "Oracle-Hybrid R²", "混合专家（完美路由）R²"},
      {"delta_r2", "ΔR² over the baseline's oracle", "相对基线（完美路由）的 ΔR²"},
      {"insufficient", "Oracle-Hybrid R², least", "混合专家（完美路由）R²，底线"},
      {"focus_bins", "Least ΔR², focus bins", "重点分箱中最小的 ΔR²"},
      {"mixture_delta_r2", "ΔR² over the best single model", "相对最佳单一模型的 ΔR²"},
      {"rho", "ρ of the deployed gate", "所部署门控的 ρ"},
  };
  return look_up(list, sizeof list / sizeof *list, criterion, chinese);
}

const char *hr_words_doubt(const char *code) {
  static const words list[] = {
      {"far_label", "", "标签中有远离其余数值的值，可能表示缺失"},
      {"index", "", "标签的索引表明其行序与光谱不同"},
      {"rows_twice", "", "训练集中有重复的光谱"},
      {"test_in_training", "", "测试光谱出现在训练集中"},
      {"error", "", "误差可能不是一个标准差，或没有误差"},
      {"snr", "", "标签 snr 与流量误差比不符"},
      {"pixels", "", "有像素含缺失标记或空缺，却未标为坏像素"},
      {"mask", "", "掩膜标出了大多数像素"},
      {"scale", "", "各文件的流量尺度不同"},
      {"wavelength", "", "波长的单位可能不是埃"},
      {"filter", "", "文件以有损方式存储数组"},
      {"clip", "", "零以下的流量：是否截断存疑"},
      {"outliers", "", "有训练行远离其余各行，或已被剔除"},
      {"empty", "", "有测试行没有好像素，因而没有预测"},
      {"bad_pixels", "", "坏像素很多"},
      {"no_snr", "", "有测试行没有 snr"},
      {"unlabelled", "", "有些行没有标签，已略去"},
      {"uncovered", "", "几乎所有行都不在任何分箱中"},
      {"outside", "", "外来模型对有些行没有数值"},
      {"outside_values", "", "外来模型的预测远离所有标签"},
      {"outside_noise", "", "外来模型未见到此处的噪声"},
      {"outside_truth", "", "外来模型的预测疑为真值本身"},
      {"leakage", "", "仅凭误差即可预测标签"},
      {"sigma", "", "σ 的偏差超出偶然"},
      {"alpha", "", "最佳设置是所试的最末一个"},
      {"one_row", "", "单独一行测试光谱决定了误差"},
      {"missing", "", "有测试行没有预测"},
  };
  return look_up(list, sizeof list / sizeof *list, code, true);
}

bool hr_words_is_of_results(const char *code) {
  hr_doubt_code found = 0;
  return hr_doubt_find(code, &found) && found >= HR_DOUBT_LEAKAGE;
}

const char *hr_words_rung(const char *rung, bool chinese) {
  static const words list[] = {
      {"baseline", "baseline", "基线"},
      {"single", "best single model", "最佳单一模型"},
      {"deployed", "hybrid, routed by a gate", "混合专家，由门控路由"},
      {"oracle", "hybrid, perfect routing", "混合专家，完美路由"},
      {"ceiling", "what the noise allows", "噪声所允许的上限"},
      {"elsewhere", "model from elsewhere", "在别处训练的模型"},
      {"whole", "model of all rows", "全体样本的模型"},
  };
  return look_up(list, sizeof list / sizeof *list, rung, chinese);
}

const char *hr_words_step(const char *step, bool chinese) {
  static const words list[] = {
      {"better_model", "a better model", "更好的模型"},
      {"only_model", "the only model of all rows", "唯一的全局模型"},
      {"no_better_model", "no single model is better", "没有更好的单一模型"},
      {"no_better_validated", "no validated model is better", "没有更好的经验证的模型"},
      {"specialists", "specialists, deployable", "专家分工，可实际部署"},
      {"routing", "perfect routing", "完美路由"},
      {"mixture", "the mixture with perfect routing", "混合专家（完美路由）"},
      {"noise", "what is left to the noise", "距噪声上限的余量"},
  };
  return look_up(list, sizeof list / sizeof *list, step, chinese);
}

const char *hr_words_title(const char *name) {
  static const words list[] = {
      {"ridge_marginal", "", "边缘化 Ridge"},
      {"posterior", "", "后验均值"},
      {"line_index", "", "谱线指数"},
      {"placebo", "", "安慰剂对照"},
      {"leakage", "", "仅用误差"},
  };
  return look_up(list, sizeof list / sizeof *list, name, true);
}

const char *hr_words_expert(const char *expert, bool chinese) {
  static const words list[] = {
      {"ridge",
       "linear regression on noisy flux with an L2 penalty α, which validation chooses.",
       "带噪流量上的线性回归，L2 惩罚 α 由验证选定。"},
      {"ridge_marginal",
       "linear regression on clean spectra with the noise integrated out, its penalty α "
       "chosen by validation.",
       "无噪光谱上的线性回归，噪声以解析方式积分，惩罚 α 由验证选定。"},
      {"lightgbm", "gradient-boosted trees on noisy flux as it is.",
       "直接以带噪流量训练的梯度提升树。"},
      {"cnn", "a small convolutional network along the wavelength.",
       "沿波长方向的小型卷积网络。"},
      {"vit", "a vision transformer: attention between patches of the spectrum.",
       "视觉 Transformer：光谱分块之间的注意力。"},
      {"posterior",
       "the mean of the label over template spectra, each weighed by how well it fits "
       "within the error.",
       "以模板光谱为样本的标签后验均值，权重为模板在误差内拟合的程度。"},
      {"line_index",
       "line indices and leading components, stacked on what Ridge predicts of spectra "
       "that it has not seen.",
       "谱线指数与主成分，叠加在 Ridge 对其未见光谱的预测之上。"},
  };
  return look_up(list, sizeof list / sizeof *list, expert, chinese);
}

const char *hr_words_ceiling(const char *ceiling, bool chinese) {
  static const words list[] = {
      {"posterior", "Posterior ceiling", "后验上限"},
      {"fisher", "Fisher bound", "Fisher 界"},
  };
  return look_up(list, sizeof list / sizeof *list, ceiling, chinese);
}

const char *hr_words_gate(const char *gate, bool chinese) {
  static const words list[] = {
      {"bayes", "Bayes gate", "贝叶斯门控"},
      {"logistic", "Logistic gate", "逻辑回归门控"},
      {"mlp", "MLP gate", "MLP 门控"},
  };
  return look_up(list, sizeof list / sizeof *list, gate, chinese);
}

const char *hr_words_gate_does(const char *gate, bool chinese) {
  static const words list[] = {
      {"bayes",
       "the weights of the posterior's templates, summed bin by bin: the probability of "
       "each bin given the spectrum and its errors.",
       "后验模板的权重按分箱求和，即给定光谱及其误差时各分箱的概率。"},
      {"logistic",
       "multinomial logistic regression of the bin on line indices and leading "
       "components "
       "of the noisy flux, its temperature fitted on rows held out.",
       "以带噪流量的谱线指数与主成分预测分箱的多项逻辑回归，温度由留出的行拟合。"},
      {"mlp",
       "a small network on the same features, trained for the least squared error of the "
       "mixture, the experts held as they are.",
       "以同样特征为输入的小型网络，使混合预测的平方误差最小，训练时专家保持不变。"},
  };
  return look_up(list, sizeof list / sizeof *list, gate, chinese);
}

const char *hr_words_mixing(const char *mixing, bool chinese) {
  static const words list[] = {
      {"soft", "soft", "软混合"},
      {"hard", "hard", "硬路由"},
      {"fallback", "fallback", "回退"},
  };
  return look_up(list, sizeof list / sizeof *list, mixing, chinese);
}

/* Whether a character of U+3000 to U+9FFF or U+F000 to U+FFFF ends before `at`. */
static bool is_chinese_before(const char *bytes, size_t at) {
  const unsigned char *b = (const unsigned char *)bytes;
  if (at < 3) return false;
  return (b[at - 3] >= 0xE3 && b[at - 3] <= 0xE9) || b[at - 3] == 0xEF;
}

void hr_words_close_up(hr_text *text, size_t from) {
  size_t kept = from;
  for (size_t i = from; i < text->length; i++) {
    const char *bytes = text->bytes;
    bool is_last = i + 3 >= text->length;
    bool is_between = bytes[i] == ' ' && !is_last && is_chinese_before(bytes, kept) &&
                      is_chinese_before(bytes, i + 4);
    if (!is_between) text->bytes[kept++] = bytes[i];
  }
  if (text->bytes) text->bytes[kept] = '\0';
  text->length = kept;
}
