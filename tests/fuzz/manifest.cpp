// Any bytes as a plugin file and as a manifest: both readers stay inside of them.
#include "boot/manifest.h"

#include <cstdint>
#include <cstdlib>

#include "boot/elf_image.h"

namespace {

void readManifest(std::string_view text) {
    sara::boot::Problems problems;
    const auto manifest = sara::boot::Manifest::parse(text, &problems);
    if (manifest.has_value() != problems.empty()) std::abort();
    if (manifest && (manifest->id.empty() || manifest->name.empty())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string error;
    const auto image = sara::boot::ElfImage::read({data, size}, &error);
    if (!image) {
        if (error.empty()) std::abort();
        readManifest({reinterpret_cast<const char*>(data), size});
        return 0;
    }
    for (const std::string& name : image->exportedFunctions("")) {
        if (name.size() > size) std::abort();
    }
    if (const auto section = image->section(".sara.manifest")) readManifest(*section);
    return 0;
}
