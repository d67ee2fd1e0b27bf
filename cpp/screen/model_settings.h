// What the header of a layer says about its models.
#pragma once

namespace aicodec::screen {

struct ModelSettings {
  // The greatest error of a sample.
  int near = 0;
  // Bits of the numbers of slots in a table of colour contexts, and of lines in a table of residual contexts.
  int colour_bits = 16;
  int residual_bits = 12;
  // What many contexts say of a bit is mixed (ranks also where all voters name colours); else what few say
  // is added, which is quicker.
  bool rich = false;
  // Colours are named by all voters.
  bool all_voters = false;
  // The first component always leads where residuals are coded, however much the others vary.
  bool first_leads = false;
};

}  // namespace aicodec::screen
