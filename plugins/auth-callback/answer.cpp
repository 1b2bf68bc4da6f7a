#include "auth-callback/answer.h"

#include <simdjson.h>

#include <charconv>

namespace sara::auth_callback {
namespace {

namespace dom = simdjson::dom;

// The earlier server's JSON library took member names in any case.
bool isNamed(std::string_view name, std::string_view lower) {
    if (name.size() != lower.size()) return false;
    for (size_t i = 0; i < name.size(); ++i) {
        const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
        if (c != lower[i]) return false;
    }
    return true;
}

bool isYes(const dom::element& success) {
    bool flag = false;
    if (success.get(flag) == simdjson::SUCCESS) return flag;
    std::string_view text;
    return success.get(text) == simdjson::SUCCESS && text == "true";
}

bool isNo(const dom::element& success) {
    bool flag = true;
    if (success.get(flag) == simdjson::SUCCESS) return !flag;
    std::string_view text;
    return success.get(text) == simdjson::SUCCESS && text == "false";
}

bool appendUser(const dom::element& user, std::vector<std::string>* users) {
    std::string_view text;
    if (user.get(text) == simdjson::SUCCESS) {
        users->emplace_back(text);
        return true;
    }
    char digits[64];
    std::to_chars_result end{digits, std::errc::invalid_argument};
    switch (user.type()) {
        case dom::element_type::INT64:
            end = std::to_chars(digits, digits + sizeof digits, int64_t(user));
            break;
        case dom::element_type::UINT64:
            end = std::to_chars(digits, digits + sizeof digits, uint64_t(user));
            break;
        case dom::element_type::DOUBLE:
            end = std::to_chars(digits, digits + sizeof digits, double(user));
            break;
        default:
            return false;
    }
    if (end.ec != std::errc()) return false;
    users->emplace_back(digits, end.ptr);
    return true;
}

bool readUsers(const dom::element& entity, size_t users_max, Answer* answer) {
    dom::object object;
    if (entity.get(object) != simdjson::SUCCESS) return true;  // no users then
    for (const dom::key_value_pair member : object) {
        dom::array list;
        if (member.key != "users" || member.value.get(list) != simdjson::SUCCESS) continue;
        if (answer->has_users) return false;  // two lists: which one?
        answer->has_users = true;
        for (const dom::element user : list) {
            if (answer->users.size() == users_max || !appendUser(user, &answer->users))
                return false;
        }
    }
    return true;
}

bool readMembers(const dom::object& object, size_t users_max, Answer* answer) {
    int successes = 0;
    bool yes = false, no = false;
    for (const dom::key_value_pair member : object) {
        if (isNamed(member.key, "success")) {
            ++successes;
            yes = isYes(member.value);
            no = isNo(member.value);
        } else if (isNamed(member.key, "entity") && !readUsers(member.value, users_max, answer)) {
            return false;
        } else if (isNamed(member.key, "sn") &&
                   (member.value.is_object() || member.value.is_array())) {
            return false;
        }
    }
    if (successes != 1 || (!yes && !no)) return false;  // said twice is not said
    answer->kind = yes ? Answer::Kind::kYes : Answer::Kind::kNo;
    return true;
}

}  // namespace

Answer readAnswer(std::string_view body, size_t users_max) {
    thread_local dom::parser parser;
    // 4 GiB is where the library ends; answers are bounded long before.
    if (body.empty() ||
        parser.allocate(std::max<size_t>(body.size(), 64), kAnswerDepthMax) != simdjson::SUCCESS)
        return {};
    dom::element document;
    dom::object object;
    Answer answer;
    if (parser.parse(body.data(), body.size(), true).get(document) != simdjson::SUCCESS ||
        document.get(object) != simdjson::SUCCESS || !readMembers(object, users_max, &answer)) {
        return {};
    }
    return answer;
}

}  // namespace sara::auth_callback
