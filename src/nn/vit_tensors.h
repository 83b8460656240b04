/* Weights of a vision transformer that was trained elsewhere: from the tensors of Hugging
 * Face's ViT into ours. Names may have anything and a dot before them ("vit.",
 * "model.vit."), where that leaves one tensor of the name:
 *
 *   embeddings.cls_token, embeddings.position_embeddings,
 *   embeddings.patch_embeddings.projection.{weight,bias},
 *   encoder.layer.I.layernorm_before.{weight,bias},
 *   encoder.layer.I.attention.attention.{query,key,value}.{weight,bias},
 *   encoder.layer.I.attention.output.dense.{weight,bias},
 *   encoder.layer.I.layernorm_after.{weight,bias},
 *   encoder.layer.I.intermediate.dense.{weight,bias},
 *   encoder.layer.I.output.dense.{weight,bias},
 *   layernorm.{weight,bias}, and regressor.{weight,bias} or classifier.{weight,bias}.
 *
 * Others (a pooler) are not looked at. A shape may have ones that ours has not. */
#ifndef HR_NN_VIT_TENSORS_H
#define HR_NN_VIT_TENSORS_H

#include <stdbool.h>

#include "nn/net.h"
#include "nn/safetensors.h"

/* Fills the parameters of `net`, made by hr_vit_create; with_heads: those of its linear
 * heads, too, or else the trunk's alone. `path` is what errors name.
 * HR_ERR_FORMAT where a tensor is not there, is there twice, has another shape or a
 * number that is not finite: the parameters are then partly filled. */
hr_status hr_vit_take_tensors(const hr_tensors *tensors, const char *path,
                              bool with_heads, hr_net *net, hr_error *err) HR_MUST_CHECK;

#endif
