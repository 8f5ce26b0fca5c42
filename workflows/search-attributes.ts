import { defineSearchAttributeKey } from '@temporalio/common';

/** running, paused, completed, failed or cancelled. */
export const statusAttribute = defineSearchAttributeKey('TextCraftorStatus', 'KEYWORD');
/** The running stages. */
export const stageAttribute = defineSearchAttributeKey('TextCraftorStage', 'KEYWORD_LIST');
/** The base model: the last part of its path. */
export const modelAttribute = defineSearchAttributeKey('TextCraftorModel', 'KEYWORD');

export const searchAttributes = [statusAttribute, stageAttribute, modelAttribute];
