#include "boot/nearest_name.h"

#include <algorithm>
#include <cctype>

namespace sara::boot {

namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0u : 1u)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    return above[b.size()];
}

}  // namespace

std::string nearestName(std::string_view name, const std::vector<std::string>& valid) {
    constexpr size_t kNameMax = 64;  // the work is quadratic
    if (name.empty() || name.size() > kNameMax) return {};
    std::string best;
    size_t best_distance = name.size();
    for (const std::string& candidate : valid) {
        if (candidate.size() > kNameMax) continue;
        const size_t distance = editDistance(name, candidate);
        if (distance < best_distance && distance * 2 <= std::max(name.size(), candidate.size())) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string didYouMean(std::string_view name, const std::vector<std::string>& valid) {
    const std::string best = nearestName(name, valid);
    return best.empty() ? std::string() : " (did you mean \"" + best + "\"?)";
}

}  // namespace sara::boot
