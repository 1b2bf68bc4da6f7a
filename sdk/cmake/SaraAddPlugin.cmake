# sara_add_plugin(NAME SOURCES a.cpp ... [MANIFEST plugin.json] [LINK targets...])
# Builds a plugin as a shared object that exports one symbol and sees only its own folder and the SDK.
# MANIFEST: the JSON file becomes the header manifest.h in the plugin's build folder, which defines
# SARA_MANIFEST_JSON as a string literal.
set(SARA_SDK_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(sara_add_plugin name)
  cmake_parse_arguments(ARG "" "MANIFEST;OUTPUT_DIRECTORY" "SOURCES;LINK" ${ARGN})
  add_library(${name} MODULE ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Sara::sdk)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  if(ARG_MANIFEST)
    set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_MANIFEST})
    file(READ ${manifest} json)
    string(JSON id ERROR_VARIABLE error GET "${json}" id)
    if(error)
      message(FATAL_ERROR "${manifest}: not a plugin manifest: ${error}")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest/manifest.h @ONLY
      CONTENT "#define SARA_MANIFEST_JSON R\"manifest(@json@)manifest\"\n")
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    -Wl,-z,now -Wl,--version-script=${SARA_SDK_CMAKE_DIR}/plugin.map)
  if(NOT SARA_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(ARG_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${ARG_OUTPUT_DIRECTORY})
  endif()
endfunction()
