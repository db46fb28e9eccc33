import type { MethodHandler } from '../method-call.ts';
import { CHAT_METHODS } from './chat.ts';
import { CONVERSATION_METHODS } from './conversations.ts';
import { DIRECTORY_METHODS } from './directory.ts';
import { FILE_METHODS } from './files.ts';
import { HISTORY_METHODS } from './history.ts';
import { MARK_METHODS } from './marks.ts';
import { MEMBER_METHODS } from './members.ts';
import { VIEW_METHODS } from './views.ts';

/** All methods that the workspace carries out. */
export const METHODS: Readonly<Record<string, MethodHandler>> = {
  ...CHAT_METHODS,
  ...CONVERSATION_METHODS,
  ...DIRECTORY_METHODS,
  ...FILE_METHODS,
  ...HISTORY_METHODS,
  ...MARK_METHODS,
  ...MEMBER_METHODS,
  ...VIEW_METHODS,
};

/** Methods that the reference describes and this workspace does not carry out; they answer `method_not_supported_in_sandbox`. */
export const UNSUPPORTED_METHODS: readonly string[] = ['functions.completeError', 'functions.completeSuccess'];
