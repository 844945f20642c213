/*
 * Compares src/inspect/python/layouts.def with the headers of one version of Python.
 *
 * gcc -I. -I$INCLUDE -I$INCLUDE/internal python_layout.c, where INCLUDE has Python.h.
 */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030b0000
#include <internal/pycore_frame.h>
#else
#include <frameobject.h>
#endif

#define MINOR (PY_VERSION_HEX >> 16 & 255)
#define NONE UINT32_MAX
#define AT(type, member) ((uint32_t)offsetof(type, member))

#if MINOR >= 11
#define FRAME _PyInterpreterFrame
#define frame_previous AT(FRAME, previous)
#define interpreter_threads AT(PyInterpreterState, threads.head)
#define thread_kernel_id AT(PyThreadState, native_thread_id)
#define code_name AT(PyCodeObject, co_qualname)
#define code_instructions AT(PyCodeObject, co_code_adaptive)
#else
#define FRAME PyFrameObject
#define frame_previous AT(FRAME, f_back)
#define frame_instruction AT(FRAME, f_lasti)
#define interpreter_threads AT(PyInterpreterState, tstate_head)
#define thread_frames AT(PyThreadState, frame)
#define thread_kernel_id NONE
#define code_name AT(PyCodeObject, co_name)
#define code_instructions NONE
#endif

#if MINOR >= 13
#define thread_frames AT(PyThreadState, current_frame)
#define frame_code AT(FRAME, f_executable)
#define frame_instruction AT(FRAME, instr_ptr)
#else
#define frame_code AT(FRAME, f_code)
#endif

#if MINOR == 11 || MINOR == 12
#define thread_frames AT(PyThreadState, cframe)
#define frame_instruction AT(FRAME, prev_instr)
#define frames_current AT(_PyCFrame, current_frame)
#else
#define frames_current NONE
#endif

#if MINOR >= 12
#define frame_owner AT(FRAME, owner)
#else
#define frame_owner NONE
#endif

#if MINOR >= 10
#define code_lines AT(PyCodeObject, co_linetable)
#else
#define code_lines AT(PyCodeObject, co_lnotab)
#endif

#define runtime_interpreters AT(_PyRuntimeState, interpreters.head)
#define interpreter_next AT(PyInterpreterState, next)
#define thread_next AT(PyThreadState, next)
#define thread_identity AT(PyThreadState, thread_id)
#define code_file AT(PyCodeObject, co_filename)
#define code_first_line AT(PyCodeObject, co_firstlineno)
#define object_type AT(PyObject, ob_type)
#define type_name AT(PyTypeObject, tp_name)
#define bytes_size AT(PyVarObject, ob_size)
#define bytes_data AT(PyBytesObject, ob_sval)
#define string_state AT(PyASCIIObject, state)
#define string_length AT(PyASCIIObject, length)
#define string_ascii ((uint32_t)sizeof(PyASCIIObject))
#define string_others ((uint32_t)sizeof(PyCompactUnicodeObject))
/* Of Modules/_threadmodule.c, which has no header: the first two members. */
#define lock_semaphore ((uint32_t)sizeof(PyObject))
#define rlock_owner ((uint32_t)(sizeof(PyObject) + sizeof(void *)))

static int check(const char *member, uint32_t offset, const uint32_t *table)
{
	if (table[MINOR - 9] == offset)
		return 0;
	printf("%s is at %u in Python 3.%d, not %u\n", member, offset, (int)MINOR,
	       table[MINOR - 9]);
	return 1;
}

int main(void)
{
	int wrong = 0;

#define LAYOUT(member, v9, v10, v11, v12, v13, word)                                               \
	wrong |= check(#member, member, (const uint32_t[]){v9, v10, v11, v12, v13});
#include "src/inspect/python/layouts.def"
#undef LAYOUT
	return wrong;
}
