#include "bus/suspended.h"

namespace sara::bus {

bool Suspended::keepStrings() noexcept {
    sara_buf** carried = bufferOf(hook, &event.head);
    loop::Buffer* now = carried == nullptr ? nullptr : reinterpret_cast<loop::Buffer*>(*carried);
    if (now != buffer) {
        if (now != nullptr) loop::refBuffer(now);
        loop::unrefBuffer(buffer);
        buffer = now;
    }
    const char* first = now == nullptr ? nullptr : reinterpret_cast<const char*>(now->data);
    const StringFields& fields = stringFields(kHookRules[hook].family);
    for (uint8_t i = 0; i < fields.count; ++i) {
        sara_str& s = stringAt(&event.head, fields.offset[i]);
        // A view of the packet lives with the packet: most strings of a packet need no copy.
        const bool inside = first != nullptr && s.ptr >= first && s.ptr + s.len <= first + now->len;
        if (s.len == 0 || inside || strings.owns(s.ptr)) continue;
        if (!strings.copy(s, &s)) return false;
    }
    return true;
}

void Suspended::moveStrings(StringArena& to) noexcept {
    const StringFields& fields = stringFields(kHookRules[hook].family);
    for (uint8_t i = 0; i < fields.count; ++i) {
        sara_str& s = stringAt(&event.head, fields.offset[i]);
        if (s.len == 0 || !strings.owns(s.ptr)) continue;
        if (!to.copy(s, &s)) s = sara_str{nullptr, 0};
    }
}

void Suspended::forget() noexcept {
    strings.reset();
    loop::unrefBuffer(buffer);
    buffer = nullptr;
}

}  // namespace sara::bus
