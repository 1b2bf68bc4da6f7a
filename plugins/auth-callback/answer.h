// What the backend said, read strictly: one JSON object, `success` as true or as the documented
// text "true". Decides which answers count as yes; everything else is a no, whatever the peer meant
// by it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sara::auth_callback {

struct Answer {
    enum class Kind { kYes, kNo, kJunk } kind = Kind::kJunk;
    bool has_users = false;          // entity.users is an array of texts and numbers
    std::vector<std::string> users;  // numbers as text, in the backend's order; empty texts too
};

// JSON deeper than this is junk.
inline constexpr size_t kAnswerDepthMax = 32;  // docs/limits.md: callback_answer_depth_max

// [any] Reads at most users_max users; a longer list is junk.
Answer readAnswer(std::string_view body, size_t users_max);

}  // namespace sara::auth_callback
